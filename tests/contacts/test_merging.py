"""Two records made one, and parted again exactly: whatever came in between stays where it belongs."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from common.exceptions import PolicyViolation
from common.npi import with_check_digit
from contacts import actions, merging
from contacts.forms import PracticeForm
from contacts.imports import import_file
from contacts.matching import Directory, Words
from contacts.models import Affiliation, Alignment, Organization, OrganizationMerge, Provider, ProviderMerge
from referrals.actions import edit_referral
from referrals.importing import resolving
from referrals.models import Referral
from referrals.rollups import differences
from tests import factories
from tests.factories.contacts import align
from tests.factories.referrals import load, row
from visits import queries as visits
from visits.models import Attendee, FollowUp


def state() -> dict[str, Any]:
    """All that a merge may touch, without the merges themselves."""
    return {
        "affiliations": set(Affiliation.objects.values_list("provider", "practice", "is_primary", "started_on", "ended_on")),
        "alignments": set(Alignment.objects.values_list("provider", "organization", "kind", "started_on", "ended_on")),
        "providers": set(Provider.objects.values_list("pk", "npi", "merged_into")),
        "organizations": set(Organization.objects.values_list("pk", "merged_into", "practices")),
        "referrals": set(
            Referral.objects.values_list("source_key", "provider", "performer", "practice", "destination", "flow", "is_own_follow_up")
        ),
    }


@pytest.fixture
def double(world) -> Provider:
    """The provider of the north, a second time: without an NPI, with another first name, at the same and at another practice."""
    other = factories.make_practice("Second Office", territory=world.south, zip="44301", alignment="independent")
    twin = factories.make_provider("Northrop", first_name="Patricia", npi="", at=world.north_practice)
    Affiliation.objects.create(provider=twin, practice=other, is_primary=False)
    Affiliation.objects.create(provider=twin, practice=world.south_practice, is_primary=False, ended_on=dt.date(2025, 1, 1))
    align(twin, "affiliated", end="2025-01-01")
    align(world.north_provider, "employed", start="2026-01-01")
    align(twin, "independent", start="2026-05-01")
    return twin


ROWS = (
    row("npi", **{"from": "Whoever", "office": "North Family Practice", "zip": "44101"}),
    row("one", **{"from": "Northrop, Pat", "office": "North Family Practice", "zip": "44101"}),
    row("two", **{"from": "Northrop, Patricia", "office": "North Family Practice", "zip": "44101"}),
    row("away", **{"from": "Northrop, Patricia", "office": "Second Office", "zip": "44301"}),
    row("both", **{"from": "Northrop, P", "office": "North Family Practice", "zip": "44101"}),
    row("bare", **{"from": "Northrop, Pat", "office": "Second Office", "zip": "44301"}),
)


def test_everything_follows_and_goes_back(world, double, run_jobs: Callable[[], int]) -> None:
    load(*ROWS)
    run_jobs()
    before = state()
    assert {r.source_key for r in Referral.objects.filter(provider=None)} >= {"npi", "both"}
    merge = actions.merge_providers(survivor=world.north_provider, merged=double, by=world.ivan)
    run_jobs()
    assert {r.source_key for r in Referral.objects.filter(provider=world.north_provider)} == {"one", "two", "away", "both", "bare"}
    assert not Provider.objects.visible_to(world.ivan).filter(pk=double.pk).exists()
    works = set(world.north_provider.affiliations.open().values_list("practice__name", "is_primary"))
    assert works == {("North Family Practice", True), ("Second Office", False)}
    assert [a.kind for a in world.north_provider.alignments.all()] == ["affiliated", "employed"]
    assert differences() == []
    actions.unmerge(merge=merge, by=world.ivan)
    run_jobs()
    assert state() == before
    assert differences() == []
    actions.unmerge(merge=merge, by=world.ivan)  # twice is harmless
    assert state() == before


def test_what_came_since_stays_with_the_survivor(world, double, run_jobs) -> None:
    load(*ROWS)
    run_jobs()
    merge = actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    run_jobs()
    new = factories.make_practice("Third Office", territory=world.north, zip="44102")
    actions.affiliate(provider=world.north_provider, practice=new, is_primary=True, by=None)
    actions.align(owner=world.north_provider, kind="competitor", started_on=dt.date(2026, 9, 1), by=None)
    load(
        row("new", **{"from": "Northrop, Pat", "office": "Third Office", "zip": "44102"}),
        row("twice", **{"from": "Northrop, Patricia", "office": "Second Office", "zip": "44301"}),
    )
    run_jobs()
    actions.unmerge(merge=merge, by=None)
    run_jobs()
    found = dict(Referral.objects.values_list("source_key", "provider"))
    assert found["new"] == world.north_provider.pk
    assert found["twice"] == found["away"] == double.pk
    assert set(world.north_provider.affiliations.open().values_list("practice__name", "is_primary")) == {
        ("North Family Practice", False),
        ("Third Office", True),
    }
    assert set(double.affiliations.open().values_list("practice__name", "is_primary")) == {
        ("North Family Practice", True),
        ("Second Office", False),
    }
    assert [a.kind for a in world.north_provider.alignments.all()] == ["employed", "competitor"]
    assert [a.kind for a in double.alignments.all()] == ["affiliated", "independent"]
    assert differences() == []


def test_the_primary_place_comes_and_goes(world, run_jobs) -> None:
    lonely = factories.make_provider("Northrop", npi="")
    merge = actions.merge_providers(survivor=lonely, merged=world.north_provider, by=None)
    assert lonely.affiliations.get().is_primary
    actions.affiliate(provider=lonely, practice=world.south_practice, is_primary=True, by=None)
    actions.unmerge(merge=merge, by=None)
    assert lonely.affiliations.get().practice == world.south_practice
    assert world.north_provider.affiliations.get().is_primary
    assert world.north_provider.affiliations.get().practice == world.north_practice


def test_matches_of_before_follow_too(world, double, run_jobs) -> None:
    """The practice is archived: the words lead nowhere, what was referred does not change, and yet it follows the merge and comes back."""
    load(ROWS[3])
    run_jobs()
    double.affiliations.filter(practice__name="Second Office").delete()
    actions.set_archived(practice=Referral.objects.get().practice, archived=True, by=None)
    merge = actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    run_jobs()
    assert Referral.objects.get().provider == world.north_provider
    last = factories.make_provider("Northrop", npi="")
    further = actions.merge_providers(survivor=last, merged=world.north_provider, by=None)
    run_jobs()
    assert Referral.objects.get().provider == last
    actions.unmerge(merge=merge, by=None)
    run_jobs()
    assert Referral.objects.get().provider == double
    actions.unmerge(merge=further, by=None)
    run_jobs()
    assert Referral.objects.get().provider == double


def test_chains(world, double, run_jobs) -> None:
    """A into B into C, and apart in either order."""
    load(*ROWS)
    run_jobs()
    third = factories.make_provider("Northrop", first_name="Patty", npi="", at=world.unowned_practice)
    run_jobs()
    before = state()
    for first_back in (0, 1):
        merges = [
            actions.merge_providers(survivor=world.north_provider, merged=double, by=None),
            actions.merge_providers(survivor=third, merged=world.north_provider, by=None),
        ]
        run_jobs()
        assert {r.source_key for r in Referral.objects.filter(provider=third)} == {"one", "two", "away", "both", "bare"}
        assert Directory.load().provider(world.north_provider.npi, "").id == third.pk
        with pytest.raises(PolicyViolation, match="was merged into"):
            actions.merge_providers(survivor=double, merged=third, by=None)
        actions.unmerge(merge=merges[first_back], by=None)
        run_jobs()
        left = third if first_back == 0 else world.north_provider
        assert Referral.objects.get(source_key="one").provider == left
        assert Referral.objects.get(source_key="away").provider == (double if first_back == 0 else left)
        actions.unmerge(merge=merges[1 - first_back], by=None)
        run_jobs()
        assert state() == before, first_back
    assert differences() == []


def test_a_merge_while_an_import_runs(world, double, run_jobs, monkeypatch) -> None:
    """The import read the contacts before the merge and wrote after it: the merge's own job puts it right."""
    stale = Directory.load()
    actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    monkeypatch.setattr(resolving.Directory, "load", classmethod(lambda cls, **how: stale))
    load(ROWS[2], ROWS[3])
    assert {r.provider for r in Referral.objects.all()} == {double}
    monkeypatch.undo()
    run_jobs()
    assert {r.provider for r in Referral.objects.all()} == {world.north_provider}


def test_visits_and_promises_are_those_of_both(world, double) -> None:
    visit = factories.make_visit(world.north_practice, world.nora)
    for person in (double, world.north_provider):
        Attendee.objects.create(visit=visit, provider=person)
    FollowUp.objects.create(
        practice=world.north_practice,
        provider=double,
        text="Call back",
        due_on=dt.date(2026, 1, 1),
        owner=world.nora,
        created_by=world.nora,
    )
    merge = actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    entries, _ = visits.timeline(world.nora, provider=world.north_provider)
    assert [entry.visit for entry in entries] == [visit]  # once
    assert visits.follow_ups_with(world.nora, provider=world.north_provider).count() == 1
    actions.unmerge(merge=merge, by=None)
    assert visits.follow_ups_with(world.nora, provider=world.north_provider).count() == 0


def test_two_npis_in_use_are_two_people(world, double) -> None:
    with pytest.raises(PolicyViolation, match="two people"):
        actions.merge_providers(survivor=world.north_provider, merged=world.south_provider, by=None)
    with pytest.raises(PolicyViolation, match="different"):
        actions.merge_providers(survivor=double, merged=double, by=None)
    Provider.objects.filter(pk=world.south_provider.pk).update(is_stale=True)
    actions.merge_providers(survivor=world.north_provider, merged=world.south_provider, by=None)
    assert str(ProviderMerge.objects.get()) == f"{world.south_provider} into {world.north_provider}"


def test_files_about_the_merged_mean_the_survivor(world, double, run_jobs, tmp_path, manage) -> None:
    Provider.objects.filter(pk=double.pk).update(npi=with_check_digit("288888888"), is_stale=True)
    actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    file = tmp_path / "practices.csv"
    file.write_text(f"practice,address,zip,provider_npi\nNew Office,1 Elm St,44102,{with_check_digit('288888888')}\n")
    manage("import_practices", str(file))
    assert world.north_provider.affiliations.filter(practice__name="New Office").exists()


def test_organizations_too(world, run_jobs, tmp_path, manage) -> None:
    twin = factories.make_organization("Riverbend Cardiology, Inc.")
    align(twin, "competitor", end="2020-01-01")
    factories.make_practice("Their Office", organization=twin)
    load(row("1", to="Riverbend Cardiology Inc"), row("2", to="Riverbend Cardiology"))
    actions.save_alias(words=Words("organization", name="RC"), target=twin, by=None)
    run_jobs()
    before = state()
    [pair] = merging.organization_pairs(world.ivan)
    assert (pair.first, pair.second, pair.why) == (world.ours, twin, ("same name but for its ending",))
    merge = actions.merge_organizations(survivor=world.ours, merged=twin, by=None)
    run_jobs()
    assert {r.destination for r in Referral.objects.all()} == {world.ours}
    assert world.ours.practices.count() == 1
    assert Directory.load().organization("RC").id == world.ours.pk
    assert not Organization.objects.visible_to(world.ivan).filter(pk=twin.pk).exists()
    file = tmp_path / "network.csv"
    file.write_text('organization,alignment,from,to,service_line\n"Riverbend Cardiology, Inc.",affiliated,2026-01-01,,\n')
    manage("import_network", str(file))
    assert world.ours.alignments.filter(kind="affiliated").exists()
    actions.align(owner=world.ours, kind="competitor", started_on=dt.date(2026, 9, 1), by=None)
    actions.unmerge(merge=merge, by=None)
    run_jobs()
    assert Referral.objects.get(source_key="1").destination == twin
    assert state()["organizations"] == before["organizations"]
    assert merging.organization_pairs(world.ivan)
    actions.keep_apart(first=twin, second=world.ours, by=None)
    actions.keep_apart(first=world.ours, second=twin, by=None)
    assert merging.organization_pairs(world.ivan) == []


def test_duplicates_are_found_and_say_why(world) -> None:
    line = factories.make_specialty()
    Provider.objects.filter(pk=world.north_provider.pk).update(phone="(555) 010-0001", specialty=line)
    twin = factories.make_provider("Northrop", npi="", at=world.north_practice, phone="555-010-0001", specialty=line)
    near = factories.make_provider("Southwel", npi="", at=factories.make_practice("South Two", zip="44301", territory=world.south))
    factories.make_provider("Northrop", npi="", first_name="Quentin", at=world.north_practice)
    factories.make_provider("Farrow", npi="")  # the name alone is not enough
    factories.make_provider("Southwell", at=world.south_practice)  # an NPI each
    [best] = merging.provider_pairs(world.ivan)
    assert (best.first, best.second, best.score) == (world.north_provider, twin, 100)
    assert best.why == ("same name", "same practice", "same phone", "same specialty", "one has no NPI")
    Provider.objects.filter(pk__in=[near.pk, world.south_provider.pk]).update(specialty=line)
    pairs = merging.provider_pairs(world.ivan)
    assert ("name 96% alike", "both in 44301", "same specialty", "one has no NPI") in [pair.why for pair in pairs]
    Provider.objects.filter(pk=twin.pk).update(middle_name="B")
    Provider.objects.filter(pk=world.north_provider.pk).update(middle_name="C", is_stale=True)
    assert (
        "but another middle initial" in next(pair for pair in merging.provider_pairs(world.ivan) if twin in (pair.first, pair.second)).why
    )
    actions.keep_apart(first=world.north_provider, second=twin, by=world.ivan)
    assert twin not in {pair.second for pair in merging.provider_pairs(world.ivan)}


def test_pages(as_, world, double, run_jobs) -> None:
    client = as_("ivan")
    address = reverse("contacts:duplicates")
    factories.make_provider("Northrop", npi="", at=world.north_practice)
    page = client.get(address).content.decode()
    assert "Compare" in page
    assert "same practice" in page
    assert "No duplicates found" in client.get(address, {"tab": "organization"}).content.decode()
    assert "Nothing is merged" in client.get(address, {"tab": "merged", "kind": "organization"}).content.decode()
    compare = reverse("contacts:duplicate", args=["provider", world.north_provider.pk, double.pk])
    page = client.get(compare).content.decode()
    assert "works at Second Office, too" in page
    assert "Both work at North Family Practice" in page
    assert "takes over the alignment affiliated" in page
    assert "For the days of the alignment independent" in page
    assert client.get(reverse("contacts:duplicate", args=["nonsense", 1, 2])).status_code == 404
    assert client.post(compare).headers["Location"] == world.north_provider.get_absolute_url()
    answer = client.get(double.get_absolute_url(), follow=True)
    assert answer.redirect_chain[0][0] == world.north_provider.get_absolute_url()
    assert "was merged into" in answer.content.decode()
    assert "Also known as" in answer.content.decode()
    gone = client.get(f"/api/v1/providers/{double.pk}/")
    assert (gone.status_code, int(gone.json()["merged_into"])) == (410, world.north_provider.pk)
    assert client.get("/api/v1/providers/987654321/").status_code == 404
    assert str(double) in client.get(address, {"tab": "merged"}).content.decode()
    back = reverse("contacts:unmerge", args=["provider", ProviderMerge.objects.get().pk])
    assert "Take this merge back?" in client.get(back).content.decode()
    assert client.post(back).headers["Location"] == double.get_absolute_url()
    assert client.get(back).status_code == 404
    assert client.get(reverse("contacts:unmerge", args=["nonsense", 1])).status_code == 404
    apart = reverse("contacts:duplicate-apart", args=["provider", world.north_provider.pk, double.pk])
    assert client.post(apart).status_code == 302
    refused = client.post(reverse("contacts:duplicate", args=["provider", world.north_provider.pk, world.south_provider.pk]), follow=True)
    assert "two people" in refused.content.decode()
    for name in ("visits:provider-sum", "referrals:provider-sum"):
        assert client.get(reverse(name, args=[double.pk])).status_code == 200


def test_a_merged_organization_leads_on(as_, world) -> None:
    twin = factories.make_organization("Riverbend Cardio")
    client = as_("ivan")
    compare = reverse("contacts:duplicate", args=["organization", world.ours.pk, twin.pk])
    assert "Are these one?" in client.get(compare).content.decode()
    client.post(compare)
    assert client.get(twin.get_absolute_url()).headers["Location"] == world.ours.get_absolute_url()
    assert client.get(reverse("contacts:organization", args=[987654321])).status_code == 404
    page = client.get(reverse("contacts:duplicates"), {"tab": "merged", "kind": "organization"}).content.decode()
    assert "Riverbend Cardio" in page
    assert str(OrganizationMerge.objects.get())


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("ivan", 200), ("ada", 200), (None, 302)])
def test_who_may_merge(as_, world, double, who: str | None, status: int) -> None:
    assert as_(who).get(reverse("contacts:duplicate", args=["provider", world.north_provider.pk, double.pk])).status_code == status


def test_a_liaison_is_led_on_as_well(as_, world, double) -> None:
    actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    assert as_("nora").get(double.get_absolute_url()).status_code == 302
    assert as_("sol").get(double.get_absolute_url()).status_code in {302, 404}


def test_whoever_names_the_merged_means_the_survivor(world, double) -> None:
    """A replacement number of the registry, a correction of a referral, the organization of a practice."""
    successor, old = with_check_digit("200000777"), with_check_digit("200000778")
    Provider.objects.filter(pk=double.pk).update(npi=successor, is_stale=True)
    double.refresh_from_db()
    actions.merge_providers(survivor=world.north_provider, merged=double, by=None)
    works = factories.make_provider("Northrop", npi=old, at=world.south_practice)
    headers = "NPI,Entity Type Code,Replacement NPI,Provider Last Name (Legal Name),Provider First Name,Last Update Date"
    file = io.BytesIO(f"{headers}\n{old},1,{successor},NORTHROP,PAT,07/01/2026\n".encode())
    outcome = import_file(kind="providers", source=file, file_name="npidata.csv", by=None)
    assert outcome.findings["replaced npi"] == 1
    assert not works.affiliations.exists()
    assert world.north_provider.affiliations.filter(practice=world.south_practice, ended_on=None).exists()

    load(row("1"))
    referral = edit_referral(referral=Referral.objects.get(), provider=double, by=world.ada)
    assert (referral.provider, referral.referring_npi) == (world.north_provider, world.north_provider.npi)

    gone = factories.make_organization("Riverbend Cardio")
    actions.merge_organizations(survivor=world.ours, merged=gone, by=None)
    assert gone not in PracticeForm().fields["organization"].queryset
    assert world.ours in PracticeForm().fields["organization"].queryset
