"""The directory: who stands in it and what is said of them, from whose word; pages, files, API and the phone's copy; who keeps it."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from contacts.actions import align, merge_organizations
from contacts.models import Affiliation, Alignment
from directory import actions
from directory.models import Entry
from directory.pack import pack_of
from directory.queries import listings, next_stop
from introductions.actions import save_physician
from referrals.actions import tell_capacity
from tests import factories
from tests.factories.reports import make_payer

LIST = "/directory/"


@pytest.fixture
def ours(world):
    """A cardiologist of ours in the south, seen by nobody of the north as a provider; their group tells its capacity; a payer."""
    world.payer, world.other_payer = make_payer("Medicare"), make_payer("Cigna")
    world.cardiology = factories.make_specialty(line=world.line)
    world.office = factories.make_practice(
        "South Heart Office", territory=world.south, zip="44301", organization=world.ours, phone="330-555-0101", city="Akron"
    )
    world.heart = factories.make_provider("Núñez", first_name="Ann", credential="MD", at=world.office, specialty=world.cardiology)
    return world


def tell(world, *, days_ago=3, accepting=True, wait=9, payers=()):
    return tell_capacity(
        organization=world.ours,
        service_line=world.line,
        as_of_on=timezone.localdate() - dt.timedelta(days=days_ago),
        is_accepting=accepting,
        third_next_available=wait,
        payers=payers,
        address="1 Main St",
        zip_="44301",
        by=world.ada,
    )


def known(world, user=None):
    return {one.name: one for one in listings(user or world.nora, timezone.localdate())}


def test_who_stands_in_it(ours):
    w = ours
    assert known(w).keys() == {"Ann Núñez, MD", "Riverbend Cardiology"}, "ours with a line; not family medicine, not Summit"
    factories.make_provider("Noline", at=w.office)
    factories.make_provider("Gone", at=w.office, specialty=w.cardiology, is_stale=True)
    later = factories.make_provider("Later", specialty=w.cardiology)
    Affiliation.objects.create(provider=later, practice=w.office, started_on=timezone.localdate() + dt.timedelta(days=5))
    factories.make_provider("Stranger", at=w.south_practice, specialty=w.cardiology)
    assert known(w).keys() == {"Ann Núñez, MD", "Riverbend Cardiology"}
    align(owner=w.heart, kind="competitor", started_on=timezone.localdate(), by=w.ada)
    assert "Ann Núñez, MD" not in known(w), "their own alignment goes before their group's"


def test_an_alignment_that_ended_ends_it(ours):
    Alignment.objects.filter(organization=ours.ours).update(ended_on=timezone.localdate())
    assert known(ours) == {}


def test_an_entry_of_their_own_brings_somebody_in_and_takes_them_out(ours):
    w = ours
    resident = factories.make_provider("Noline", at=w.office)
    actions.save_entry(provider=resident, languages=["es"], by=w.ada)
    assert known(w)["Pat Noline"].languages == ("es",)
    actions.save_entry(provider=w.heart, is_listed=False, by=w.ada)
    assert "Ann Núñez, MD" not in known(w)


def test_whose_word_holds_for_plans(ours):
    w, today = ours, timezone.localdate()
    plans = lambda: known(w)["Ann Núñez, MD"].plans  # noqa: E731 - read again after each word
    assert plans().accepted is None
    actions.save_entry(service_line=w.line, tells_plans=True, plans={w.payer: (None, None)}, by=w.ada)
    assert (plans().accepted, plans().source) == ({w.payer.pk}, "line")
    told = tell(w, payers=[w.payer, w.other_payer])
    assert (plans().accepted, plans().source, plans().told_on) == ({w.payer.pk, w.other_payer.pk}, "capacity", told.as_of_on)
    actions.save_entry(service_line=w.line, organization=w.ours, tells_plans=True, plans={}, by=w.ada)
    assert (plans().accepted, plans().source) == (frozenset(), "site"), "none is a word too"
    soon = today + dt.timedelta(days=30)
    save_physician(
        provider=w.heart, start_on=today, led_by=w.dana, payers={w.payer: today, w.other_payer: soon}, how_to_refer="Call Ann", by=w.dana
    )
    assert (plans().accepted, plans().coming, plans().source) == ({w.payer.pk}, ((w.other_payer.pk, soon),), "introduction")
    assert known(w)["Ann Núñez, MD"].refer.how_to_refer == "Call Ann"
    gone = {w.payer: (None, today), w.other_payer: (today, None)}
    actions.save_entry(provider=w.heart, tells_plans=True, plans=gone, how_to_refer="Fax", by=w.ada)
    assert (plans().accepted, plans().source) == ({w.other_payer.pk}, "own"), "a plan that ended today is not accepted today"
    assert known(w)["Ann Núñez, MD"].refer.how_to_refer == "Fax"


def test_words_are_taken_from_the_nearest_field_by_field(ours):
    w = ours
    actions.save_entry(service_line=w.line, criteria="Chest pain", phone="1", languages=["en"], by=w.ada)
    actions.save_entry(service_line=w.line, organization=w.ours, phone="2", by=w.ada)
    actions.save_entry(provider=w.heart, languages=["es"], by=w.ada)
    heart, site = known(w)["Ann Núñez, MD"], known(w)["Riverbend Cardiology"]
    assert (heart.refer.criteria, heart.refer.phone, heart.languages, heart.speaks_at_site) == ("Chest pain", "2", ("es",), False)
    assert (site.refer.criteria, site.refer.phone, site.languages) == ("Chest pain", "2", ("en",))


def test_a_line_without_sites_stands_for_itself(ours):
    actions.save_entry(service_line=ours.other_line, criteria="Fractures", by=ours.ada)
    assert known(ours)["Orthopedics"].refer.criteria == "Fractures"


def test_what_was_written_of_a_merged_site_holds_for_the_survivor(ours):
    w = ours
    twin = factories.make_organization("Riverbend Heart", alignment="employed", service_line=w.line)
    actions.save_entry(service_line=w.line, organization=twin, phone="7", by=w.ada)
    merge_organizations(survivor=w.ours, merged=twin, by=w.ada)
    assert known(w)["Riverbend Cardiology"].refer.phone == "7"


def test_rules_of_an_entry(ours):
    w = ours
    with pytest.raises(PolicyViolation, match="kept by managers"):
        actions.save_entry(service_line=w.line, criteria="x", by=w.nora)
    for subject in ({}, {"service_line": w.line, "provider": w.heart}, {"organization": w.ours}):
        with pytest.raises(PolicyViolation, match="An entry is of"):
            actions.save_entry(**subject, by=w.ada)
    with pytest.raises(PolicyViolation, match="no such ZIP"):
        actions.save_entry(service_line=w.line, zip="00000", by=w.ada)
    with pytest.raises(PolicyViolation, match="languages from the list"):
        actions.save_entry(service_line=w.line, languages=["tlh"], by=w.ada)
    with pytest.raises(LooksLikePatient):
        actions.save_entry(service_line=w.line, criteria="Like Pt John Miller", by=w.ada)
    day = timezone.localdate()
    with pytest.raises(PolicyViolation, match="ends before it starts"):
        actions.save_entry(service_line=w.line, tells_plans=True, plans={w.payer: (day, day)}, by=w.ada)
    entry = actions.save_entry(service_line=w.line, criteria="x", by=None)
    before = AuditEvent.objects.filter(target_id=str(entry.pk)).count()
    actions.save_entry(service_line=w.line, criteria="x", by=w.ada)
    assert AuditEvent.objects.filter(target_id=str(entry.pk)).count() == before, "nothing changed, nothing written"
    assert Entry.objects.get().changed_by is None


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 200), ("past", 200), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 302)]
)
def test_who_opens_it(as_, ours, who, status):
    client = as_(who)
    assert client.get(LIST).status_code == status
    assert client.get("/api/v1/directory/").status_code == {302: 401}.get(status, status)


def test_whom_a_person_sees(as_, ours):
    page = as_("nora").get(LIST).content.decode()
    assert "Ann Núñez, MD" in page
    assert f"/contacts/providers/{ours.heart.pk}/" not in page, "her own page is not in the north"
    assert f"/contacts/providers/{ours.heart.pk}/" in as_("sol").get(LIST).content.decode()
    past = as_("past").get(LIST).content.decode()
    assert "Ann Núñez" not in past
    assert "Nobody stands in the directory yet" in past
    assert as_("past").get("/api/v1/directory/").json()["count"] == 0
    assert pack_of(ours.past)["listings"] == []


def test_what_is_not_known_is_said_and_not_guessed(as_, ours):
    page = as_("nora").get(LIST).content.decode()
    for words in ("Plans not recorded", "Languages not recorded", "Appointments not told", "Criteria not recorded"):
        assert words in page
    page = as_("nora").get(LIST, {"payer": ours.payer.pk}).content.decode()
    assert "Nobody of ours fits for certain" in page
    assert "2 more may fit: plans not recorded for 2" in page
    page = as_("nora").get(LIST, {"payer": ours.payer.pk, "unsure": "on"}).content.decode()
    assert "Ann Núñez, MD" in page
    tell(ours, payers=[ours.other_payer])
    page = as_("nora").get(LIST, {"payer": ours.payer.pk}).content.decode()
    assert "may fit" not in page, "it is known that this plan is not accepted"
    assert "Ann Núñez, MD" in as_("nora").get(LIST, {"payer": ours.other_payer.pk}).content.decode()


def test_the_age_of_a_figure_is_shown(as_, ours):
    tell(ours, days_ago=3)
    page = as_("nora").get(LIST).content.decode()
    assert "Third next appointment in 9 days" in page
    assert "3 days old" in page
    assert "Old: ask first" not in page
    tell(ours, days_ago=2, accepting=False)
    assert "Closed to new patients" in as_("nora").get(LIST).content.decode()


def test_an_old_figure_is_called_old(as_, ours):
    tell(ours, days_ago=400)
    assert "Old: ask first" in as_("nora").get(LIST).content.decode()


def test_near_a_practice_and_near_a_zip(as_, ours):
    client = as_("nora")
    near = client.get(LIST, {"practice": ours.north_practice.pk, "within": "10"}).content.decode()
    assert "Distances from" in near
    assert "Ann Núñez" not in near, "Akron is thirty miles from Cleveland"
    assert "miles</span>" in client.get(LIST, {"practice": ours.north_practice.pk, "within": "50"}).content.decode()
    assert "same ZIP code" in client.get(LIST, {"zip": "44301", "within": "5"}).content.decode()
    refused = client.get(LIST, {"within": "5"}).content.decode()
    assert "Give a ZIP code from which the miles are counted" in refused
    assert "Ann Núñez" in refused, "the rest of the question is answered"
    assert "Nobody knows where this ZIP code lies" in client.get(LIST, {"zip": "00000"}).content.decode()
    foreign = client.get(LIST, {"practice": ours.south_practice.pk, "within": "10"}).content.decode()
    assert "not in your territories" in foreign
    assert "South Medical Group" not in foreign
    assert client.get("/api/v1/directory/", {"within": "5"}).status_code == 400


def test_near_the_next_stop(as_, ours):
    now = timezone.localtime()
    later = min(now + dt.timedelta(minutes=5), now.replace(hour=23, minute=59, second=59))
    factories.make_visit(ours.north_practice, ours.nora, state="planned", planned_at=later)
    page = as_("nora").get(LIST).content.decode()
    assert "Within 10 miles of North Family Practice" in page
    assert "Within 10 miles of" not in as_("sol").get(LIST).content.decode()


def test_the_next_stop_is_ones_own_and_the_first_that_is_not_over(ours):
    w, now = ours, timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    offices = {name: factories.make_practice(name, territory=w.north) for name in ("Early", "Late", "Last", "Theirs")}
    other = factories.make_user("otis")
    factories.assign(other, w.north, primary=False)
    for name, hours, who in (("Early", -2, w.nora), ("Theirs", 0, other), ("Late", 1, w.nora), ("Last", 3, w.nora)):
        factories.make_visit(offices[name], who, state="planned", planned_at=now + dt.timedelta(hours=hours))
    assert next_stop(w.nora, now) == offices["Late"]
    assert next_stop(w.nora, now - dt.timedelta(hours=1, minutes=30)) == offices["Early"], "one is there for up to an hour"
    assert next_stop(w.nora, now + dt.timedelta(hours=9)) == offices["Last"], "after the last one it is the last one"
    assert next_stop(w.nora, now + dt.timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "nun ann"}, 1), ({"q": "akron"}, 1), ({"q": "zzz"}, 0), ({"q": "CARDIO"}, 2), ({"kind": "site"}, 1), ({"language": "es"}, 0)],
)
def test_the_words_of_the_question(as_, ours, query, found):
    assert as_("nora").get("/api/v1/directory/", query).json()["count"] == found


def test_page_file_and_api_answer_alike(as_, ours):
    w = ours
    tell(w, payers=[w.payer])
    actions.save_entry(service_line=w.line, criteria="=Chest pain", languages=["es"], by=w.ada)
    query = {"payer": w.payer.pk, "language": "es", "accepting": "on", "line": w.line.pk, "zip": "44301", "within": "10"}
    told = as_("dana").get("/api/v1/directory/", query).json()["results"]
    rows = list(
        csv.DictReader(
            io.StringIO(b"".join(as_("dana").get(reverse("directory:export", args=["csv"]), query).streaming_content).decode("utf-8-sig"))
        )
    )
    page = as_("dana").get(LIST, query).content.decode()
    assert [one["name"] for one in told] == [row["Name"] for row in rows] == ["Ann Núñez, MD", "Riverbend Cardiology"]
    assert all(one["name"] in page for one in told)
    assert (told[0]["plans"]["accepted"], told[0]["access"]["wait"], told[0]["miles"]) == (["Medicare"], 9, 0.0)
    assert rows[0]["Plans accepted"] == "Medicare"
    assert not rows[0]["Whom to send"].startswith("="), "no formula leaves the house"
    assert AuditEvent.objects.filter(event="directory.exported").count() == 1
    assert as_("dana").get(reverse("directory:export", args=["xlsx"])).status_code == 200
    assert as_("dana").get(reverse("directory:export", args=["pdf"])).status_code == 404
    assert as_("nora").get(reverse("directory:export", args=["csv"])).status_code == 403


def test_no_numbers_no_spend_no_patients(ours):
    """What a phone keeps names neither referrals nor money; keys are a closed list."""
    tell(ours)
    pack = pack_of(ours.nora)
    assert pack.keys() == {"user", "listings", "texts", "payers", "languages", "lines", "specialties", "zips", "left_out"}
    keys = set(pack["listings"][0])
    assert not {key for key in keys if any(word in key for word in ("volume", "referrals", "spend", "patient", "amount", "tier", "visit"))}


def test_the_phones_copy(as_, ours):
    w = ours
    actions.save_entry(service_line=w.line, criteria="Chest pain", by=w.ada)
    answer = as_("nora").get("/api/v1/directory/pack/")
    pack = answer.json()
    assert pack["user"] == w.nora.pk
    assert {one["name"] for one in pack["listings"]} == {"Ann Núñez, MD", "Riverbend Cardiology"}
    assert pack["texts"].count("Chest pain") == 1, "said once, pointed to by both"
    assert {pack["texts"][one["criteria"]] for one in pack["listings"]} == {"Chest pain"}
    assert pack["zips"]["44301"] == pytest.approx([41.08, -81.52], abs=0.1)
    assert "44101" in pack["zips"]
    assert answer["Cache-Control"] == "no-store"
    again = as_("nora").get("/api/v1/directory/pack/", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    tell(w)
    changed = as_("nora").get("/api/v1/directory/pack/", headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200


def test_a_copy_has_a_limit_and_keeps_those_nearest(ours, monkeypatch):
    monkeypatch.setattr("directory.pack.MOST", 1)
    far = factories.make_practice("Alaska Office", organization=ours.ours, zip="99501")
    factories.make_provider("Aaron", at=far, specialty=ours.cardiology)
    pack = pack_of(ours.sol)
    assert ([one["name"] for one in pack["listings"]], pack["left_out"]) == (["Ann Núñez, MD"], 2)


@pytest.mark.parametrize(
    "url", [LIST, "/api/v1/directory/", "/api/v1/directory/pack/", "/directory/entries/", "/api/v1/directory-entries/"]
)
def test_as_many_queries_for_many(client, ours, assert_flat_queries, url):
    w = ours
    w.payers = [make_payer(f"Payer {number}") for number in range(3)]

    def add(count):
        for number in range(count):
            line = factories.make_line(f"Line {count}-{number}")
            body = factories.make_organization(alignment="employed", service_line=line)
            office = factories.make_practice(territory=w.north, zip="44101", organization=body)
            kind = factories.make_specialty(f"20{count:02d}{number:02d}X", f"Kind {count}-{number}", line)
            person = factories.make_provider(at=office, specialty=kind)
            actions.save_entry(provider=person, languages=["es"], tells_plans=True, plans={w.payers[0]: (None, None)}, by=w.ada)
            actions.save_entry(service_line=line, organization=body, phone="1", by=w.ada)

    client.force_login(w.dana)
    assert_flat_queries(url, add)


# ---- keeping it


def plan_data(world, **more):
    return {f"plan_{world.payer.pk}": "on", "tells_plans": "on", **more}


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("dana", 200), ("nora", 403), ("ivan", 403), ("elle", 403), (None, 302)])
def test_who_keeps_it(as_, ours, who, status):
    client = as_(who)
    for url in ("/directory/entries/", f"/directory/entries/line/{ours.line.pk}/", f"/directory/entries/person/{ours.heart.pk}/"):
        assert client.get(url).status_code == status


def test_an_entry_is_written_on_its_page(as_, ours):
    w = ours
    client, url = as_("ada"), f"/directory/entries/site/{w.line.pk}/{w.ours.pk}/"
    day = timezone.localdate() + dt.timedelta(days=9)
    data = plan_data(w, criteria="Chest pain", zip="44301-1234", languages=["es"], **{f"from_{w.payer.pk}": day.isoformat()})
    assert client.post(url, data).status_code == 302
    entry = Entry.objects.get()
    assert (entry.organization, entry.zip, entry.languages, entry.changed_by) == (w.ours, "44301", ["es"], w.ada)
    assert [(plan.payer, plan.started_on) for plan in entry.plans.all()] == [(w.payer, day)]
    page = client.get(url).content.decode()
    assert "Chest pain" in page
    assert "Changed" in page or "Added" in page
    assert client.post(url, {"criteria": "Chest pain"}).status_code == 302
    assert not Entry.objects.get().plans.exists()
    assert "Chest pain" in client.get("/directory/entries/").content.decode()


def test_wrong_entries_come_back_as_typed(as_, ours):
    w = ours
    client, url = as_("ada"), f"/directory/entries/line/{w.line.pk}/"
    day = timezone.localdate().isoformat()
    for data, words in (
        ({f"from_{w.payer.pk}": day}, "the plan is not chosen"),
        (plan_data(w, **{f"from_{w.payer.pk}": day, f"until_{w.payer.pk}": day}), "ends before it starts"),
        ({f"plan_{w.payer.pk}": "on"}, "say that this entry tells them"),
        ({"email": "nobody"}, "valid email"),
        ({"criteria": "Like Pt John Miller"}, "patient"),
    ):
        answer = client.post(url, {"how_to_refer": "Call the desk", **data})
        page = answer.content.decode()
        assert answer.status_code == 422, words
        assert words in page
        assert "Call the desk" in page
        assert "Error: " in page
    site = client.post(f"/directory/entries/site/{w.line.pk}/{w.ours.pk}/", {"zip": "00000"})
    assert "no such ZIP code" in site.content.decode()
    assert not Entry.objects.exists()
    guarded = client.post(url, {"criteria": "Like Pt John Miller", "is_none": "on"})
    assert guarded.status_code == 302


def test_entries_of_strangers_are_not_found(as_, ours):
    client = as_("dana")
    assert client.get(f"/directory/entries/person/{ours.unowned_provider.pk}/").status_code == 404
    assert client.get("/directory/entries/line/999999/").status_code == 404
    assert client.get(f"/directory/entries/site/{ours.line.pk}/999999/").status_code == 404
    seen = factories.make_user("mel", role=Role.MANAGER)
    factories.assign(seen, ours.north, primary=False)
    client.force_login(seen)
    assert client.get(f"/directory/entries/person/{ours.heart.pk}/").status_code == 200, "our specialists are for every manager"


def test_it_is_reached(as_, ours):
    client = as_("nora")
    practice = client.get(ours.north_practice.get_absolute_url()).content.decode()
    assert f"{LIST}?practice={ours.north_practice.pk}&amp;within=10" in practice
    assert (
        f"{LIST}?practice={ours.north_practice.pk}&amp;within=10" in client.get(f"/visits/brief/{ours.north_practice.pk}/").content.decode()
    )
    assert f'href="{LIST}"' in client.get("/contacts/practices/").content.decode(), "in the navigation"
    found = client.post("/go/", {"q": "specialist"}, headers={"Accept": "application/json"}).json()
    assert LIST in [entry["url"] for entry in found]
    assert reverse("directory:entries") in as_("ada").get("/settings/").content.decode()


# ---- by API


ENTRIES = "/api/v1/directory-entries/"


def send(client, key, data, method="put"):
    return getattr(client, method)(f"{ENTRIES}{key}/", data, content_type="application/json")


def events(kind):
    return AuditEvent.objects.filter(event=f"directory_entry.{kind}").count()


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("dana", 200), ("nora", 403), ("ivan", 403), ("elle", 403), (None, 401)])
def test_who_writes_entries_by_api(as_, ours, who, status):
    assert send(as_(who), f"p{ours.heart.pk}", {"languages": ["es"]}).status_code == status
    assert as_(who).get(ENTRIES).status_code == status
    assert Entry.objects.exists() == (status == 200)


def test_an_entry_is_written_by_api_once_however_often_it_is_sent(as_, ours):
    w, client = ours, as_("dana")
    site, day = next(one for one in client.get("/api/v1/directory/", {"kind": "site"}).json()["results"]), timezone.localdate()
    said = {
        "criteria": "Chest pain", "zip": "44301-1234", "address": "1 Main St", "languages": ["es", "es"], "tells_plans": True,
        "plans": [{"payer": w.payer.pk, "ended_on": str(day + dt.timedelta(days=9))}],
    }  # fmt: skip
    assert client.get(f"{ENTRIES}{site['key']}/").status_code == 404, "nothing is written yet"
    told = send(client, site["key"], said)
    assert told.status_code == 200, told.content
    assert send(client, site["key"], said).json() == told.json() == client.get(f"{ENTRIES}{site['key']}/").json()
    entry = Entry.objects.get()
    assert (entry.organization, entry.service_line, entry.changed_by) == (w.ours, w.line, w.dana)
    assert (told.json()["zip"], told.json()["languages"], told.json()["key"]) == ("44301", ["es"], site["key"])
    assert told.json()["plans"] == [
        {"payer": w.payer.pk, "payer_name": "Medicare", "started_on": None, "ended_on": str(day + dt.timedelta(days=9))}
    ]
    assert (events("added"), events("changed")) == (1, 0), "sent twice, written once"
    assert send(client, site["key"], {"phone": "330-555-0100"}, "patch").json()["criteria"] == "Chest pain", "a part leaves the rest"
    assert [plan.payer for plan in Entry.objects.get().plans.all()] == [w.payer]
    blank = send(client, site["key"], {"phone": "330-555-0100"}).json()
    assert (blank["criteria"], blank["plans"], blank["tells_plans"], blank["zip"]) == ("", [], False, ""), "the whole is what was sent"
    assert (events("added"), events("changed")) == (1, 2)
    assert [row["key"] for row in client.get(ENTRIES).json()["results"]] == [site["key"]]


def test_a_line_and_a_specialist_by_api(as_, ours):
    w, client = ours, as_("ada")
    assert send(client, f"s{w.other_line.pk}-0", {"criteria": "Fractures"}).json()["name"] == "Orthopedics"
    assert known(w)["Orthopedics"].key == f"s{w.other_line.pk}-0", "the key of the listing is that of the entry"
    assert send(client, f"p{w.heart.pk}", {"is_listed": False}).json()["provider"] == w.heart.pk
    assert "Ann Núñez, MD" not in known(w)


@pytest.mark.parametrize(
    ("subject", "data", "words"),
    [
        ("line", {"zip": "44301"}, "Only the entry of a site has an address"),
        ("line", {"is_listed": False}, "Only a specialist can be left out"),
        ("site", {"zip": "00000"}, "no such ZIP"),
        ("line", {"plans": [1]}, "say that this entry tells them"),
        ("line", {"plans": [1, 1], "tells_plans": True}, "each payer once"),
        ("line", {"languages": ["tlh"]}, "not a valid choice"),
        ("line", {"email": "nobody"}, "valid email"),
        ("line", {"criteria": "Like Pt John Miller"}, "patient"),
    ],
)
def test_wrong_entries_are_refused_by_api_with_the_same_words(as_, ours, subject, data, words):
    w = ours
    if "plans" in data:
        data = {**data, "plans": [{"payer": w.payer.pk} for _ in data["plans"]]}
    key = f"s{w.line.pk}-{w.ours.pk if subject == 'site' else 0}"
    answer = send(as_("ada"), key, data)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Entry.objects.exists()


def test_strangers_entries_are_not_found_by_api(as_, ours):
    client = as_("dana")
    twin = factories.make_organization("Riverbend Heart", alignment="employed", service_line=ours.line)
    merge_organizations(survivor=ours.ours, merged=twin, by=ours.ada)
    assert send(client, f"s{ours.line.pk}-{twin.pk}", {"criteria": "x"}).status_code == 404, "merged away"
    for key in (f"p{ours.unowned_provider.pk}", "p999999", "s999999-0", f"s{ours.line.pk}-999999", "x1", "p", "s1"):
        assert send(client, key, {"criteria": "x"}).status_code == 404, key
    assert not Entry.objects.exists()
    said = {"criteria": "Like Pt John Miller", "is_none": True}
    assert send(client, f"p{ours.heart.pk}", said).status_code == 200
