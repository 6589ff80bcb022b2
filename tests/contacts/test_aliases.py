"""A decision about words: kept once, asked for ever, taken back without a trace; only what it concerns is resolved again."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from contacts import actions
from contacts.matching import Words
from contacts.models import Alias, Guess
from jobs.models import Job
from referrals.importing import rematching
from referrals.models import Referral
from referrals.rollups import differences
from tests import factories
from tests.factories.referrals import load, row

SAID = {"from": "Dr Pat N.", "office": "North Office", "zip": "44101"}


def words(kind: str, **parts: str) -> Words:
    return Words(kind, **parts)


def provider_of(key: str):
    return Referral.objects.get(source_key=key).provider


def test_a_decision_settles_what_waits_and_what_comes(world, run_jobs) -> None:
    load(row("1", **SAID), row("2", **{**SAID, "from": "DR  PAT N."}), row("3", **{**SAID, "zip": "44102"}))
    run_jobs()
    actions.save_alias(
        words=words("provider", name="dr pat n.", office="NORTH OFFICE", zip="44101"), target=world.north_provider, by=world.ivan
    )
    assert Referral.objects.filter(provider=None).count() == 3  # a worker does it
    run_jobs()
    assert [provider_of(key) for key in "123"] == [world.north_provider, world.north_provider, None]
    load(row("4", **SAID))
    assert provider_of("4") == world.north_provider
    assert differences() == []
    event = AuditEvent.objects.get(event="alias.saved")
    assert (event.details["means"], event.by_label) == (str(world.north_provider), str(world.ivan))


def test_forgetting_leaves_nothing_behind(world, run_jobs) -> None:
    load(row("1", **SAID), row("2", **{"from npi": world.north_provider.npi, **SAID}))
    alias = actions.save_alias(
        words=words("provider", name="Dr Pat N.", office="North Office", zip="44101"), target=world.south_provider, by=None
    )
    run_jobs()
    assert [provider_of(key) for key in "12"] == [world.south_provider, world.north_provider]  # the NPI goes first
    actions.forget_alias(alias=alias, by=world.ivan)
    run_jobs()
    assert [provider_of(key) for key in "12"] == [None, world.north_provider]
    assert not Alias.objects.exists()
    assert differences() == []


def test_an_office_brings_its_people(world, run_jobs) -> None:
    """A practice is evidence for who works there; taken back, both go."""
    load(row("1", **{"from": "Northrop, Pat", "office": "The N. Practice", "zip": "44199"}))
    run_jobs()
    alias = actions.save_alias(words=words("practice", name="The N Practice", zip="44199"), target=world.north_practice, by=None)
    run_jobs()
    referral = Referral.objects.get()
    assert (referral.named_practice, referral.provider, referral.territory) == (world.north_practice, world.north_provider, world.north)
    actions.forget_alias(alias=alias, by=None)
    run_jobs()
    referral.refresh_from_db()
    assert (referral.named_practice, referral.provider) == (None, None)


def test_nobody_we_know_is_a_decision_too(world, run_jobs) -> None:
    """It goes before likeness, and before what was matched until now."""
    load(row("1", to="Rivrbend Cardiology"), row("2", to="Riverbend Cardiology"))
    assert Referral.objects.filter(destination=world.ours).count() == 2
    guess = Guess.objects.get()
    assert (guess.name, guess.organization, guess.score > 94) == ("Rivrbend Cardiology", world.ours, True)
    actions.save_alias(words=words("organization", name="Rivrbend Cardiology"), target=None, by=None)
    run_jobs()
    assert Referral.objects.get(source_key="1").destination is None
    assert Referral.objects.get(source_key="2").destination == world.ours
    assert not Guess.objects.exists()
    load(row("3", to="RIVRBEND CARDIOLOGY"))
    assert Referral.objects.get(source_key="3").destination is None
    actions.forget_alias(alias=Alias.objects.get(), by=None)
    run_jobs()
    assert Referral.objects.get(source_key="1").destination == world.ours
    assert {guess.name for guess in Guess.objects.all()} == {"Rivrbend Cardiology", "RIVRBEND CARDIOLOGY"}


def test_receiving_providers_are_decided_about_by_the_same_words(world, run_jobs) -> None:
    load(row("2", state="seen"))
    Referral.objects.update(performing_name="Doc Southwell")
    actions.save_alias(words=words("provider", name="doc southwell"), target=world.south_provider, by=None)
    run_jobs()
    assert Referral.objects.get().performer == world.south_provider


def test_only_the_words_concerned_are_resolved_again(world, run_jobs, monkeypatch) -> None:
    load(*(row(str(n), **{"from": f"Stranger {n}", "zip": "44101"}) for n in range(5)))
    run_jobs()
    seen, ask = [], rematching.ask

    def counted(cursor, **how) -> None:
        cursor.execute("SELECT count(*) FROM again")
        seen.append(cursor.fetchone()[0])
        ask(cursor, **how)

    monkeypatch.setattr(rematching, "ask", counted)
    actions.save_alias(words=words("provider", name="Stranger 3", zip="44101"), target=world.north_provider, by=None)
    run_jobs()
    assert seen == [1]


def test_what_came_with_an_import_goes_with_it(world, run_jobs) -> None:
    kept = actions.save_alias(words=words("organization", name="Kept"), target=world.ours, came_with="7", by=None)
    actions.save_alias(words=words("organization", name="Gone"), target=world.ours, came_with="7", by=None)
    actions.save_alias(words=words("organization", name="By hand"), target=world.ours, by=None)
    load(row("1", to="Gone"), row("2", to="Kept"))
    assert Referral.objects.filter(destination=world.ours).count() == 2
    assert actions.forget_aliases(came_with={"7"}, keep={kept.key}, by=None) == 1
    assert actions.forget_aliases(came_with={""}, by=None) == 0
    run_jobs()
    assert [alias.name for alias in Alias.objects.order_by("name")] == ["By hand", "Kept"]
    assert Referral.objects.get(source_key="1").destination is None


def test_a_decision_must_fit(world) -> None:
    with pytest.raises(PolicyViolation, match="name a provider"):
        actions.save_alias(words=words("provider", name="X"), target=world.ours, by=None)
    with pytest.raises(PolicyViolation, match="no words"):
        actions.save_alias(words=words("provider", zip="44101"), target=None, by=None)
    assert not Job.objects.filter(name="referrals.rematch").exists()


def test_the_latest_decision_stands(world) -> None:
    for target in (world.north_provider, world.south_provider):
        actions.save_alias(words=words("provider", name="P. Doe", office="Clinic"), target=target, by=world.ivan)
    assert str(Alias.objects.get()) == f"P. Doe · Clinic → {world.south_provider}"


def test_the_page_lists_and_forgets(as_, world) -> None:
    client = as_("ivan")
    address = reverse("contacts:aliases")
    assert b"Nobody has decided anything yet" in client.get(address).content
    alias = actions.save_alias(words=words("organization", name="River Heart"), target=None, by=world.ivan)
    page = client.get(address).content.decode()
    assert "River Heart" in page
    assert "Nobody we know" in page
    assert "River Heart" in client.get(address, {"q": "river", "kind": "organization"}).content.decode()
    assert b"No decision about such words" in client.get(address, {"kind": "practice"}).content
    forget = reverse("contacts:alias-forget", args=[alias.pk])
    assert b"Forget this decision?" in client.get(forget).content
    assert client.post(forget).status_code == 302
    assert not Alias.objects.exists()
    assert client.get(forget).status_code == 404


def test_the_page_is_flat(as_, world, assert_flat_queries) -> None:
    as_("ivan")

    def add(count: int) -> None:
        for _ in range(count):
            name = factories.make_organization().name
            actions.save_alias(words=words("organization", name=f"x{name}"), target=world.ours, by=world.ivan)

    assert_flat_queries(reverse("contacts:aliases"), add)
