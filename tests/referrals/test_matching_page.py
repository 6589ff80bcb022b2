"""The queue of words that lead nowhere: most referrals first, one answer settles all, and every answer can be taken back."""

from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from contacts.models import Alias, Organization, Practice, Provider
from referrals.models import Referral
from tests.factories.referrals import load, row

HERE = "referrals:matching"
STRANGE = {"from": "Northrupp, Peter", "office": "North Family Pract.", "zip": "44101"}


@pytest.fixture
def queue(world: Any) -> Any:
    load(
        *(row(f"a{n}", **{**STRANGE, "from": "NORTHRUPP, PETER" if n else "Northrupp, Peter"}) for n in range(3)),
        row("b", **{"from": "Zz Unknown", "office": "Nowhere", "zip": "99999"}, to="Rivrbend Cardiology"),
        row("c", to="Somewhere Else Clinic", ordered="2026-04-01"),
    )
    return world


def page(client: Any, tab: str = "", **query: Any) -> str:
    return unescape(client.get(reverse(HERE), {"tab": tab, **query}).content.decode())


def words(kind: str = "provider", **parts: str) -> dict[str, str]:
    return {"kind": kind, "npi": "", "name": "", "office": "", "zip": "", **parts}


def test_most_referrals_first_with_candidates(as_: Any, queue: Any) -> None:
    shown = page(as_("ivan"), "providers")
    assert shown.index("NORTHRUPP, PETER") < shown.index("Zz Unknown")
    assert "3 referrals · 4 May 2026 · feed" in shown  # other capitals are the same words
    assert "Pat Northrop" in shown
    assert "works in 44101" in shown
    assert "0 of 4 referrals resolved" in shown
    assert "Nobody we know has a name like this" in shown
    practices = page(as_("ivan"), "practices")
    assert "North Family Pract." in practices
    assert "in 44101" in practices
    assert "Somewhere Else Clinic" in page(as_("ivan"), "destinations")
    assert "Rivrbend" not in page(as_("ivan"), "destinations")


def test_what_is_only_alike_is_to_be_confirmed(as_: Any, queue: Any, run_jobs: Any) -> None:
    shown = page(as_("ivan"), "confirm")
    assert "Rivrbend Cardiology" in shown
    assert "Counted so now" in shown
    assert "1 referral matched by likeness" in shown
    answer = as_("ivan").post(
        reverse("referrals:matching-decide"),
        {**words("organization", name="Rivrbend Cardiology"), "choice": queue.ours.pk, "tab": "confirm"},
    )
    assert answer.headers["Location"] == f"{reverse(HERE)}?tab=confirm"
    assert "Nothing to confirm" in page(as_("ivan"), "confirm")
    run_jobs()
    assert Referral.objects.get(source_key="b").destination == queue.ours


def test_an_answer_settles_all_and_can_be_taken_back(as_: Any, queue: Any, run_jobs: Any) -> None:
    client = as_("ivan")
    told = {**words(name=STRANGE["from"], office=STRANGE["office"], zip="44101"), "about": "3 referrals", "tab": "providers", "page": "1"}
    decide = reverse("referrals:matching-decide")
    answer = client.post(decide, {**told, "choice": queue.north_provider.pk}, headers={"HX-Request": "true"})
    card = unescape(answer.content.decode())
    assert "data-done" in card
    assert "3 referrals" in card
    assert "NORTHRUPP" not in page(client, "providers").partition("matching-list")[2]  # decided, though no worker has come by yet
    run_jobs()
    assert Referral.objects.filter(provider=queue.north_provider).count() == 3
    assert "3 of 4 referrals resolved" in page(client, "providers")
    undo = reverse("referrals:matching-undo", args=[Alias.objects.get().pk])
    card = client.post(undo, {"about": "3 referrals"}, headers={"HX-Request": "true"}).content.decode()
    assert 'data-key="1"' in card
    run_jobs()
    assert not Referral.objects.filter(provider=queue.north_provider).exists()
    assert client.post(undo).status_code == 404
    client.post(decide, {**told, "choice": "nobody"})
    run_jobs()
    assert "4 of 4" not in page(client, "providers")
    assert "3 of 4 referrals resolved" in page(client, "providers")
    answer = client.post(reverse("referrals:matching-undo", args=[Alias.objects.get().pk]), {"tab": "nonsense", "page": "x"}, follow=True)
    assert "waits again" in answer.content.decode()


def test_somebody_found_by_searching(as_: Any, queue: Any) -> None:
    answer = as_("ivan").post(
        reverse("referrals:matching-decide"), {**words(name="Zz Unknown", office="Nowhere", zip="99999"), "target": queue.south_provider.pk}
    )
    assert answer.status_code == 302
    assert Alias.objects.get().target == queue.south_provider


@pytest.mark.parametrize("told", [{"choice": "987654321"}, {"choice": ""}, {"choice": "nobody", "name": ""}])
def test_what_cannot_be_decided_is_said(as_: Any, queue: Any, told: dict[str, str]) -> None:
    client = as_("ivan")
    answer = client.post(reverse("referrals:matching-decide"), {**words(name="X"), **told}, follow=True)
    assert "note-bad" in answer.content.decode()
    answer = client.post(reverse("referrals:matching-decide"), {**words(name="X"), **told}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(reverse(HERE))
    assert not Alias.objects.exists()


def test_records_are_made_from_the_words(as_: Any, queue: Any, run_jobs: Any) -> None:
    client = as_("ivan")
    new = reverse("referrals:matching-new")
    shown = unescape(client.get(new, words("practice", name="NOWHERE OFFICE", zip="44102")).content.decode())
    assert 'value="Nowhere Office"' in shown
    assert 'value="44102"' in shown
    query = f"{new}?kind=practice&name=Nowhere&zip=99999"
    assert client.post(query, {**words("practice", name="Nowhere", zip="44102")}).status_code == 302
    assert Alias.objects.get().target == Practice.objects.get(name="Nowhere")

    shown = unescape(client.get(new, words(name="NORTHRUPP, PETER", office="North Family Practice", zip="44101")).content.decode())
    assert 'value="Northrupp"' in shown
    assert "North Family Practice" in shown
    form = {"first_name": "Peter", "last_name": "Northrupp", "kind": "physician"}
    asked = f"{new}?kind=provider&name=Northrupp, Peter&office=North Family Pract.&zip=44101"
    assert client.post(asked, form).status_code == 302
    run_jobs()
    made = Provider.objects.get(last_name="Northrupp")
    assert Referral.objects.filter(provider=made).count() == 3
    asked = f"{new}?kind=organization&name=Somewhere Else Clinic"
    assert client.post(asked, {"name": "Riverbend Cardiology"}).status_code == 422  # its name is taken
    assert client.post(asked, {"name": ""}).status_code == 422
    assert client.post(asked, {"name": "Somewhere Else Clinic"}).status_code == 302
    run_jobs()
    assert Referral.objects.get(source_key="c").destination == Organization.objects.get(name="Somewhere Else Clinic")


def test_the_progress_asks_again_while_a_worker_is_busy(as_: Any, queue: Any, run_jobs: Any) -> None:
    client = as_("ivan")
    address = reverse("referrals:matching-progress")
    assert "every 2s" not in client.get(address, {"tab": "providers"}).content.decode()
    client.post(reverse("referrals:matching-decide"), {**words(name="Zz Unknown", office="Nowhere", zip="99999"), "choice": "nobody"})
    assert "every 2s" in client.get(address, {"tab": "providers"}).content.decode()
    run_jobs()
    shown = client.get(address, {"tab": "providers"}).content.decode()
    assert "every 2s" not in shown
    assert "1 of 4 referrals resolved" in shown
    assert "by likeness" in client.get(address, {"tab": "confirm"}).content.decode()


def test_empty_states(as_: Any, world: Any) -> None:
    client = as_("ivan")
    assert "No referral names anybody here yet" in page(client)
    load(row("1", **{"from npi": world.north_provider.npi}, to="Riverbend Cardiology"))
    assert "Everybody named here is known" in page(client, "providers")
    Referral.objects.update(performing_name="Somebody")
    assert "Receiving providers" in page(client, "providers")
    assert "Somebody" in page(client, "receiving")


def test_pages_of_questions_cost_the_same_whatever_the_queue(as_: Any, queue: Any, django_assert_max_num_queries: Any) -> None:
    client = as_("ivan")
    load(*(row(f"x{n}", to=f"Somewhere Place {n}") for n in range(30)))
    with django_assert_max_num_queries(60):
        shown = page(client, "destinations")
    assert shown.count("data-card") == 10
    assert "10 of 31" in shown
    assert "Show the next questions" in shown


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("elle", 403), ("ivan", 200), ("ada", 200), (None, 302)])
def test_who_sees_it(as_: Any, world: Any, who: str | None, status: int) -> None:
    assert as_(who).get(reverse(HERE)).status_code == status
