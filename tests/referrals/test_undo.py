"""An import taken back: as if it had never come, whatever came after it, and whatever people did meanwhile."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from contacts.matching import Words
from contacts.models import Alias
from jobs.actions import run, run_waiting
from jobs.models import Job
from referrals import actions, policies
from referrals.importing import undoing, writing
from referrals.models import BatchState, DataVersion, ImportBatch, MappingVersion, Payer, Referral, SentAgain, SentRow, Source, StatusEvent
from referrals.rollups import differences
from territories.models import ServiceLine
from tests.factories.referrals import MAPPING, load, row, upload
from tests.referrals.slow import assert_derived, assert_rollups

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 6, 20)


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> Any:
    settings.UPLOADS = tmp_path / "uploads"
    yield
    assert_derived()
    assert_rollups()
    assert differences() == []


def undo(batch: ImportBatch, by: Any = None) -> ImportBatch:
    job = actions.start_undo(batch=batch, by=by, why="The wrong file")
    assert run(job.pk), Job.objects.get(pk=job.pk).error
    batch.refresh_from_db()
    assert batch.state == BatchState.UNDONE
    return batch


def only() -> Referral:
    return Referral.objects.get()


def told() -> list[str]:
    return sorted(StatusEvent.objects.filter(is_inferred=False).values_list("state", flat=True))


def test_what_only_it_brought_goes_without_a_trace(world: Any) -> None:
    batch = load(row("1", payer="Aetna", line="Sleep"), row("2", state="seen", appointment="2026-06-01"))
    versions = DataVersion.objects.count()
    undo(batch, world.ada)
    for model in (Referral, StatusEvent, SentRow, SentAgain, Payer, MappingVersion):
        assert not model.objects.exists(), model
    assert not ServiceLine.objects.filter(name="Sleep").exists()
    assert ServiceLine.objects.filter(name="Cardiology").exists()
    assert (batch.undone_by, batch.undone_why, batch.undone_at is not None, batch.made) == (world.ada, "The wrong file", True, {})
    assert DataVersion.objects.count() == versions + 1
    assert AuditEvent.objects.filter(event="import.undone", by_label="Ada").exists()
    assert Source.objects.get().mapping == {}


def test_earlier_values_come_back(world: Any) -> None:
    first = load(row("1", payer="Aetna"), row("2"))
    learned = StatusEvent.objects.get(referral__source_key="1").learned_at
    second = load(row("1", state="seen", appointment=DAY, payer="Cigna"), row("3"))
    undo(second)
    r = Referral.objects.get(source_key="1")
    assert (r.state, r.payer.name, r.appointment_on, r.batch) == ("received", "Aetna", None, first)
    assert list(r.status_events.values_list("state", "learned_at")) == [("received", learned)]
    assert set(Referral.objects.values_list("source_key", flat=True)) == {"1", "2"}
    assert not Payer.objects.filter(name="Cigna").exists()


def test_later_values_stay(world: Any) -> None:
    first = load(row("1", payer="Aetna", line="Cardiology"), row("2"))
    second = load(row("1", state="appt", appointment=DAY, payer="Cigna"))
    undo(first)
    r = only()
    assert (r.source_key, r.state, r.payer.name, r.service_line, r.batch) == ("1", "scheduled", "Cigna", None, second)
    assert told() == ["scheduled"]


def test_what_others_sent_too_stays_as_theirs(world: Any) -> None:
    rows = [row("1", payer="Aetna"), row("2")]
    first, second, third = load(*rows), load(*rows, row("3")), load(*rows)
    undo(first)
    assert Referral.objects.count() == 3
    assert set(SentRow.objects.values_list("batch", flat=True)) == {second.pk}
    assert set(SentAgain.objects.values_list("batch", flat=True)) == {third.pk}
    assert set(Referral.objects.values_list("batch", flat=True)) == {second.pk}
    assert Payer.objects.get().name == "Aetna"
    undo(third)
    undo(second)
    assert not Referral.objects.exists()
    assert not Payer.objects.exists(), "the payer went with the last import that named it"


def test_undone_twice_is_undone_once(world: Any) -> None:
    batch = load(row("1"))
    job = actions.start_undo(batch=batch, by=None, why="x")
    with pytest.raises(PolicyViolation, match="being undone already"):
        actions.start_undo(batch=batch, by=None, why="x")
    run(job.pk)
    batch.refresh_from_db()
    load(row("1"))
    undoing.undo(batch, progress=lambda *_: None)
    assert Referral.objects.count() == 1
    with pytest.raises(PolicyViolation, match="was undone already"):
        actions.start_undo(batch=batch, by=None, why="x")
    with pytest.raises(InputError, match="Say why"):
        actions.start_undo(batch=load(row("2")), by=None, why=" ")
    with pytest.raises(PolicyViolation, match="never loaded"):
        actions.start_undo(batch=upload(row("3")), by=None, why="x")


def test_an_undone_file_can_be_loaded_again(world: Any) -> None:
    rows = [row("1", payer="Aetna"), row("2")]
    undo(load(*rows))
    again = load(*rows)
    assert (again.new, again.changed, Referral.objects.count()) == (2, 0, 2)


def test_corrections_outlive_imports_that_say_the_same(world: Any) -> None:
    load(row("1", payer="Aetna", to="Summit Cardiology"))
    cigna = Payer.objects.create(name="Cigna")
    actions.edit_referral(referral=only(), by=world.ada, payer=cigna, destination=world.ours)
    second = load(row("1", state="appt", appointment=DAY, payer="Aetna", to="Summit Cardiology"))
    assert (only().payer, only().destination, only().state) == (cigna, world.ours, "scheduled")
    undo(second)
    assert (only().payer, only().destination, only().state) == (cigna, world.ours, "received")
    third = load(row("1", payer="Humana"))
    assert (only().payer.name, only().destination) == ("Humana", world.ours), "only where the source says otherwise it is believed"
    undo(third)
    assert only().payer == cigna
    actions.undo_correction(correction=only().corrections.get(), by=world.ada)
    assert (only().payer.name, only().destination, only().corrections.count()) == ("Aetna", world.theirs, 0)
    assert AuditEvent.objects.filter(event="referral.correction_undone", by_label="Ada").exists()


def test_a_deleted_referral_comes_back_by_a_later_file_only(world: Any) -> None:
    first, second = load(row("1"), row("2")), load(row("2", payer="Aetna"))
    actions.delete_referral(referral=Referral.objects.get(source_key="2"), by=world.ada, why="a test patient")
    undo(second)
    assert list(Referral.objects.values_list("source_key", flat=True)) == ["1"]
    load(row("1"), row("2"))
    assert Referral.objects.count() == 2
    undo(first)
    assert Referral.objects.count() == 2


def test_mappings_and_what_a_feed_sees_go_back(world: Any) -> None:
    load(row("1", office="Far Away Associates", zip="99501"))
    batch = load(row("2", office="Far Away Associates", zip="99501"), sees="received")
    run_waiting(apps=("referrals",))
    assert set(Referral.objects.values_list("flow", flat=True)) == {"inbound"}
    assert list(MappingVersion.objects.values_list("number", "sees", "batch")) == [
        (2, "received", batch.pk), (1, "our_orders", ImportBatch.objects.earliest("pk").pk),
    ]  # fmt: skip
    undo(batch)
    run_waiting(apps=("referrals",))
    source = Source.objects.get()
    assert (source.sees, source.mapping["sees"], source.mapping_versions.count()) == ("our_orders", "our_orders", 1)
    assert only().flow == "outside"


def test_a_mapping_saved_since_stays(world: Any) -> None:
    batch = load(row("1"))
    source = Source.objects.get()
    actions.save_mapping(source=source, mapping={**MAPPING, "name": "Second"}, by=world.ada)
    undo(batch)
    source.refresh_from_db()
    assert source.mapping["name"] == "Second"
    actions.save_mapping(source=source, mapping={**MAPPING, "name": "Third"}, by=world.ada)
    actions.restore_mapping(version=source.mapping_versions.get(mapping__name="Second"), by=world.ada)
    source.refresh_from_db()
    assert (source.mapping["name"], source.mapping_versions.latest("number").number) == ("Second", 4)


def test_decisions_go_when_nobody_says_their_words(world: Any) -> None:
    batch = load(row("1", to="Riverbend Heart Institute of Old"), row("2", to="The Other Place"))
    later = load(row("3", to="THE OTHER PLACE"))
    for name in ("Riverbend Heart Institute of Old", "The Other Place"):
        alias = actions.decide(words=Words("organization", "", name), target=world.ours, by=world.ada)
        assert alias.came_with == str(batch.pk)
    run_waiting(apps=("contacts", "referrals"))
    assert set(Referral.objects.values_list("destination", flat=True)) == {world.ours.pk}
    undo(batch)
    run_waiting(apps=("contacts", "referrals"))
    assert [alias.name for alias in Alias.objects.all()] == ["The Other Place"]
    assert only().destination == world.ours
    undo(later)
    assert not Alias.objects.exists(), "it went with the last import that said the words"


def test_decisions_about_words_of_every_kind_know_their_import(world: Any) -> None:
    first = load(row("1", **{"from": "Strange, Ann", "office": "Nowhere", "zip": "99999", "to npi": "1000000004"}))
    load(row("2", **{"from": "Strange, Ann", "office": "Nowhere", "zip": "99999"}))
    for words in (
        Words("provider", "", "Strange, Ann", "Nowhere", "99999"),
        Words("practice", "", "Nowhere", "", "99999"),
        Words("provider", "1000000004"),
    ):
        assert actions.decide(words=words, target=None, by=world.ada).came_with == str(first.pk)
    assert actions.decide(words=Words("provider", "", "Strange, Ann"), target=None, by=world.ada).came_with == "", "nobody said just this"


def test_killed_in_the_middle_it_is_whole(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = load(row("1"), row("2"))
    later = load(row("1", payer="Aetna"))
    job = actions.start_undo(batch=batch, by=None, why="x")
    before = list(Referral.objects.order_by("pk").values()), list(SentRow.objects.values("digest", "batch")), StatusEvent.objects.count()

    def die(*_: Any) -> None:
        raise SystemError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "settle", die)
        for _ in range(3):
            assert not run(job.pk)
    assert before == (
        list(Referral.objects.order_by("pk").values()), list(SentRow.objects.values("digest", "batch")), StatusEvent.objects.count()
    )  # fmt: skip
    batch.refresh_from_db()
    assert (batch.state, policies.can_undo(batch)) == (BatchState.UNDOING, True)
    undo(batch)
    assert only().batch == later


def test_nothing_of_the_undone_is_left_in_the_tables(world: Any) -> None:
    load(row("1", payer="Aetna"))
    with connection.cursor() as cursor:

        def dump() -> list[Any]:
            cursor.execute("SELECT referral_id, digest, batch_id, line FROM referrals_sentrow ORDER BY 1, 2")
            return [*cursor.fetchall(), *Referral.objects.order_by("pk").values(), *StatusEvent.objects.order_by("pk").values()]

        before = dump()
        undo(load(row("1", payer="Cigna", state="seen", appointment=DAY), row("2"), row("1", state="missed", appointment=DAY)))
        assert dump() == before


def test_names_that_a_later_import_used_go_with_that_one(world: Any) -> None:
    first = load(row("1", payer="Aetna", line="Sleep"))
    second = load(row("1", payer="Cigna"), row("2", payer="Aetna", line="Sleep"))
    third = load(row("2", payer="Aetna", line="Sleep", state="seen"))
    for batch, left in ((first, {"Aetna", "Cigna"}), (second, {"Aetna"}), (third, set())):
        undo(batch)
        assert set(Payer.objects.values_list("name", flat=True)) == left
        assert ServiceLine.objects.filter(name="Sleep").exists() == bool(left)


def test_names_stay_that_a_later_row_has_overruled_or_a_correction_may_bring_back(world: Any) -> None:
    first = load(row("1", payer="Aetna", line="Sleep"))
    load(row("2", payer="Aetna", line="Sleep", told="2026-05-05T00:00:00Z"))
    load(row("2", payer="Humana", line="Cardiology", told="2026-05-06T00:00:00Z", state="seen"))
    cigna = load(row("3", payer="Cigna"))
    actions.edit_referral(referral=Referral.objects.get(source_key="1"), by=world.ada, payer=Payer.objects.get(name="Cigna"))
    later = load(row("1", payer="Humana"))
    undo(cigna)
    undo(later)
    assert Referral.objects.get(source_key="1").payer.name == "Cigna", "the feed says again what it said when it was corrected"
    undo(first)
    assert set(Payer.objects.values_list("name", flat=True)) == {"Aetna", "Humana", "Cigna"}
    assert ServiceLine.objects.filter(name="Sleep").exists()
