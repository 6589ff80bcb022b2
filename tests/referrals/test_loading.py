"""Files on their way in: folding, blanks, stale rows, states, counts, refusals, and nothing of a patient anywhere afterwards."""

import datetime as dt
import io
import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from jobs.actions import enqueue, run, run_waiting
from jobs.models import Job, JobState
from referrals import actions, policies
from referrals.importing import writing
from referrals.models import BatchState, DataVersion, ImportBatch, Payer, Referral, Source, StatusEvent
from tests import factories, make_world
from tests.factories.referrals import MAPPING, draw_world, import_referrals, load, load_contacts, row, table, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS = tmp_path / "uploads"


def only() -> Referral:
    return Referral.objects.get()


def counts(batch: ImportBatch) -> tuple[int, int, int]:
    return batch.new, batch.changed, batch.unchanged


def test_the_trail_never_holds_the_name_of_a_file(world: Any) -> None:
    """People name files after patients."""
    source = actions.source_named(name="feed", by=None)
    batch = actions.create_batch(source=source, file=table([row("1")]), file_name="Doe Jane 1961.csv", by=world.ada, mapping=MAPPING)
    actions.discard_batch(batch=batch, by=world.ada)
    told = list(AuditEvent.objects.filter(target_id=batch.pk).values_list("target_label", "details"))
    assert len(told) == 2
    assert "Doe" not in str(told)


def test_what_is_told_is_kept_as_told(world: Any) -> None:
    batch = load(
        row("7", **{"from": "NORTHROP, PAT"}, from_npi=world.north_provider.npi, office="north family practice", zip="44101-1234",
            to="Riverbend Cardiology", line="cardiology", state="seen", appointment="2026-05-20", report="2026-05-22",
            payer="Aetna", mrn="QX1")
    )  # fmt: skip
    assert (batch.state, batch.rows, counts(batch), batch.unmatched) == (BatchState.LOADED, 1, (1, 0, 0), 0)
    assert (batch.by_month, batch.first_on) == ({"2026-05-01": 1}, dt.date(2026, 5, 4))
    r = only()
    assert (r.anchor_on, r.ordered_on, r.state, r.appointment_on, r.report_on) == (
        dt.date(2026, 5, 4), dt.date(2026, 5, 4), "seen", dt.date(2026, 5, 20), dt.date(2026, 5, 22),
    )  # fmt: skip
    assert (r.provider, r.named_practice, r.destination) == (world.north_provider, world.north_practice, world.ours)
    assert (r.service_line, r.payer, r.territory, r.credited_to) == (world.line, Payer.objects.get(name="Aetna"), world.north, world.nora)
    assert (r.flow, r.referring_name, r.referring_zip, r.kind) == ("internal", "NORTHROP, PAT", "44101", "consult")
    assert re.fullmatch("[0-9a-f]{32}", r.patient_hash)
    assert list(r.status_events.filter(is_inferred=True).values_list("state", flat=True).order_by("pk")) == ["received", "accepted"]
    assert r.status_events.get(is_inferred=False).happened_on == dt.date(2026, 5, 20)


def test_rows_of_one_referral_are_one_referral(world: Any) -> None:
    batch = load(
        row("1", state="seen", appointment="2026-05-20", report="2026-05-25", payer=""),
        row("1", state="new", payer="Aetna"),
        row("1", state="appt", appointment="2026-05-20", payer="Cigna"),
    )
    assert (batch.rows, counts(batch)) == (3, (1, 0, 0))
    assert (only().state, only().payer.name, only().report_on) == ("seen", "Cigna", dt.date(2026, 5, 25))
    assert only().status_events.filter(is_inferred=False).count() == 3


def test_blanks_never_erase_and_stale_rows_only_fill_blanks(world: Any) -> None:
    load(row("1", state="appt", appointment="2026-06-20", payer="Aetna", line="Cardiology"))
    assert counts(load(row("1", state="appt", appointment="", payer=""))) == (0, 0, 1)
    stale = load(row("1", state="appt", appointment="2026-06-10", payer="Cigna", report="2026-06-30"))
    assert counts(stale) == (0, 1, 0)  # it knew a report that we did not
    assert (only().payer.name, only().appointment_on, only().report_on) == ("Aetna", dt.date(2026, 6, 20), dt.date(2026, 6, 30))
    assert counts(load(row("1", state="appt", appointment="2026-06-20", payer="Cigna"))) == (0, 1, 0)
    assert only().payer.name == "Cigna"


def test_a_time_stamp_decides_before_dates(world: Any) -> None:
    load(row("1", state="appt", appointment="2026-06-20", payer="Aetna", told="2026-05-10T10:00:00"))
    load(row("1", state="appt", appointment="2026-06-25", payer="Cigna", told="2026-05-09T10:00:00"))
    assert (only().payer.name, only().appointment_on) == ("Aetna", dt.date(2026, 6, 20))
    load(row("1", state="appt", appointment="2026-06-10", payer="Cigna", told="2026-05-11T10:00:00"))
    assert (only().payer.name, only().appointment_on) == ("Cigna", dt.date(2026, 6, 10))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_re_sends_in_any_order_end_in_the_same_state(world: Any, order: tuple[int, ...]) -> None:
    rows = [row("1"), row("1", state="appt", appointment="2026-06-20"), row("1", state="seen", appointment="2026-06-20")]
    for n in order:
        load(rows[n])
    assert (only().state, only().appointment_on) == ("seen", dt.date(2026, 6, 20))
    told = only().status_events.filter(is_inferred=False).values_list("state", flat=True)
    assert sorted(told) == ["received", "scheduled", "seen"]
    assert list(only().status_events.filter(is_inferred=True).values_list("state", flat=True)) == ["accepted"]


def test_an_inferred_step_that_is_told_after_all_is_no_longer_inferred(world: Any) -> None:
    load(row("1", state="appt", appointment="2026-06-20"))
    assert StatusEvent.objects.get(state="accepted").is_inferred
    load(row("1", state="accepted"))
    assert not StatusEvent.objects.get(state="accepted").is_inferred


def test_an_illegal_move_is_a_finding_and_not_applied(world: Any) -> None:
    load(row("1", state="refused", appointment="2026-06-01"))
    batch = load(row("1", state="seen", appointment="2026-06-20"))
    assert only().state == "rejected"
    assert batch.findings == {"illegal move": 1}
    assert batch.source_rows.get().sentence == "state: rejected to seen"


def test_the_same_file_again_changes_nothing(world: Any) -> None:
    rows = [row("1", payer="Aetna", state="seen", appointment="2026-06-01"), row("2", to="Riverbend Cardiology")]
    load(*rows)
    before = list(Referral.objects.values()), list(StatusEvent.objects.values()), DataVersion.objects.count()
    again = load(*rows)
    assert counts(again) == (0, 0, 2)
    assert (list(Referral.objects.values()), list(StatusEvent.objects.values()), DataVersion.objects.count()) == before
    assert list(actions.earlier_loads(again).values_list("state", flat=True)) == ["loaded"]


def test_a_new_data_version_asks_for_reports(world: Any) -> None:
    load(row("1"))
    load(row("2"))
    assert DataVersion.objects.count() == 2
    assert Job.objects.get(name="reports.refresh").state == JobState.QUEUED


def test_bad_rows_are_told_why_and_stop_nobody(world: Any) -> None:
    batch = load(
        row(""),
        row("1", ordered="13/45/2026"),
        row("2", state="frobbed"),
        row("3", ordered="2031-01-15"),
        row("4", patient="Ysolde", mrn="QX9"),
    )
    assert batch.rejected == {"missing id": 1, "bad date": 1, "unknown status": 1, "future date": 1}
    assert (batch.rows, counts(batch)) == (5, (1, 0, 0))
    assert list(batch.source_rows.values_list("line_number", "reason")) == [
        (2, "missing id"), (3, "bad date"), (4, "unknown status"), (5, "future date"),
    ]  # fmt: skip
    assert all(kept.sentence for kept in batch.source_rows.all())


def test_a_bad_npi_is_matched_by_name_and_a_stranger_loads(world: Any) -> None:
    batch = load(
        row("1", **{"from": "Pat Northrop"}, from_npi="2999999999", office="North Family Practice", zip="44101"),
        row("2", **{"from": "Some Body"}, office="North Family Practice", zip="44101"),
        row("3", office="North Family Practice", zip="44101"),
        row("4"),
        row("5", **{"from": "Self-referral"}),
    )
    assert (batch.findings, batch.unmatched) == ({"bad npi": 1}, 1)
    found = {r.source_key: (r.provider, r.territory, r.referrer_named) for r in Referral.objects.all()}
    assert found == {
        "1": (world.north_provider, world.north, "provider"),
        "2": (None, world.north, "provider"),
        "3": (None, world.north, "organization"),
        "4": (None, None, "unknown"),
        "5": (None, None, "self"),
    }


def test_an_unknown_destination_is_flagged_and_not_ours(world: Any) -> None:
    batch = load(row("1", to="Never Heard Clinic"), row("2", to="Riverbend Cardiolgy"))
    assert batch.findings == {"unknown destination": 1}
    assert dict(Referral.objects.values_list("source_key", "flow")) == {"1": "outbound", "2": "internal"}
    received = load(row("1", to="Never Heard Clinic"), row("2"), source="other", sees="received")
    assert received.findings == {"unknown destination": 1}
    assert set(Referral.objects.filter(source__name="other").values_list("flow", flat=True)) == {"inbound"}


def test_new_lines_and_payers_are_made_once_whatever_their_case(world: Any) -> None:
    load(row("1", line="CARDIOLOGY", payer="aetna"), row("2", line="Sleep", payer="AETNA"), row("3", line="sleep"))
    assert dict(Referral.objects.values_list("source_key", "service_line__name")) == {"1": "Cardiology", "2": "Sleep", "3": "Sleep"}
    assert Payer.objects.count() == 1


def test_a_dry_run_says_the_same_and_writes_nothing(world: Any) -> None:
    load(row("1"), row("2"))
    rows = [row("1", payer="New payer", line="New line"), row("2"), row("3", to="Nobody knows"), row("4", state="frobbed")]
    before = list(Referral.objects.values()), Payer.objects.count(), DataVersion.objects.count(), StatusEvent.objects.count()
    batch = upload(*rows)
    run(actions.start_dry_run(batch=batch, by=None).pk)
    batch.refresh_from_db()
    assert (batch.state, counts(batch), batch.rejected, batch.findings) == (
        BatchState.CHECKED, (1, 1, 1), {"unknown status": 1}, {"unknown destination": 1},
    )  # fmt: skip
    assert (list(Referral.objects.values()), Payer.objects.count(), DataVersion.objects.count(), StatusEvent.objects.count()) == before
    assert sorted(batch.source_rows.values_list("reason", flat=True)) == ["unknown destination", "unknown status"]
    run(actions.start_load(batch=batch, by=None).pk)
    batch.refresh_from_db()
    assert (batch.state, counts(batch), batch.source_rows.count()) == (BatchState.LOADED, (1, 1, 1), 2)


def test_the_file_goes_when_the_batch_is_over(world: Any, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    for end in ("load", "discard"):
        batch = upload(row("1"))
        path = actions.open_upload(batch)
        assert path.stat().st_mode & 0o077 == 0
        with django_capture_on_commit_callbacks(execute=True):
            if end == "load":
                run(actions.start_load(batch=batch, by=None).pk)
            else:
                actions.discard_batch(batch=batch, by=None)
        batch.refresh_from_db()
        assert not path.exists()
        with pytest.raises(PolicyViolation, match="deleted"):
            actions.open_upload(batch)
        with pytest.raises(PolicyViolation):
            actions.start_load(batch=batch, by=None)


def test_files_are_forgotten_after_a_day(world: Any, settings: Any) -> None:
    old, young = upload(row("1")), upload(row("2"))
    path = actions.open_upload(old)
    yesterday = time.time() - 25 * 3600
    os.utime(path, (yesterday, yesterday))
    (settings.UPLOADS / "incoming").mkdir()
    strays = [settings.UPLOADS / name for name in ("stray", "contacts-0123", "incoming/tmp.upload")]
    for stray in strays:
        stray.write_text("left by a killed upload or worker")
        os.utime(stray, (yesterday, yesterday))
    enqueue("referrals.forget_uploads")
    run_waiting(apps=("referrals",))
    old.refresh_from_db()
    assert (old.state, old.stored_as, path.exists()) == (BatchState.DISCARDED, "", False)
    assert not any(stray.exists() for stray in strays)
    assert actions.open_upload(young).exists()


def test_files_that_cannot_be_used_are_refused_with_a_sentence(world: Any, settings: Any) -> None:
    source = actions.source_named(name="feed", by=None)
    with pytest.raises(InputError, match="empty"):
        actions.create_batch(source=source, file=io.BytesIO(b""), file_name="x.csv", by=None)
    with pytest.raises(InputError, match="no column"):
        actions.create_batch(source=source, file=io.BytesIO(b"a,b\n1,2\n"), file_name="x.csv", by=None, mapping=MAPPING)
    with pytest.raises(InputError, match="needs a name"):
        actions.source_named(name="…", by=None)
    assert not list(settings.UPLOADS.iterdir())
    batch = actions.create_batch(source=source, file=io.BytesIO(b"a,b\n1,2\n"), file_name="x.csv", by=None)
    assert batch.mapping == {}
    with pytest.raises(PolicyViolation, match="No mapping"):
        actions.start_load(batch=batch, by=None)
    assert not policies.can_load(batch)


def test_a_file_that_breaks_off_loads_nothing(world: Any) -> None:
    content = table([row(str(n)) for n in range(300)]).getvalue() + b'"never closed'
    batch = actions.create_batch(
        source=actions.source_named(name="feed", by=None), file=io.BytesIO(content), file_name="x.csv", by=None, mapping=MAPPING
    )
    run(actions.start_dry_run(batch=batch, by=None).pk)
    batch.refresh_from_db()
    assert batch.state == BatchState.UPLOADED
    assert "never closed" in batch.error
    actions.set_batch_mapping(batch=batch, mapping=MAPPING, by=None)
    run(actions.start_load(batch=batch, by=None).pk)
    batch.refresh_from_db()
    assert (batch.state, batch.stored_as, Referral.objects.count(), batch.source_rows.count()) == (BatchState.FAILED, "", 0, 0)


def test_a_crash_leaves_nothing_and_can_be_tried_again(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = upload(row("1"))
    job = actions.start_load(batch=batch, by=None)

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("Ysolde Yarrowby")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "settle", crash)
        for _ in range(3):
            assert not run(job.pk)
    job.refresh_from_db()
    batch.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "Ysolde" not in job.error
    assert (Referral.objects.count(), DataVersion.objects.count(), policies.is_stuck(batch)) == (0, 0, True)
    run(actions.start_load(batch=batch, by=None).pk)
    assert Referral.objects.count() == 1


def test_a_running_batch_is_left_alone(world: Any) -> None:
    batch = upload(row("1"))
    actions.start_load(batch=batch, by=world.ada)
    for step in (actions.start_load, actions.start_dry_run, actions.discard_batch):
        with pytest.raises(PolicyViolation, match="being loaded"):
            step(batch=batch, by=world.ada)
    other = upload(row("2"))
    job = actions.start_dry_run(batch=other, by=world.ada)
    actions.discard_batch(batch=other, by=world.ada)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_the_source_learns_what_was_used(world: Any) -> None:
    load(row("1", office="Far Away Associates", zip="99501"), sees="our_orders")
    unknown = Referral.objects.create(
        source=only().source, source_key="2", anchor_on=dt.date(2026, 5, 4), month=dt.date(2026, 5, 1), state="received", flow="outside"
    )
    saved = actions.save_mapping(source=only_source(), mapping={**MAPPING, "sees": "received"}, by=world.ada)
    run_waiting(apps=("referrals",))
    unknown.refresh_from_db()
    assert (saved.sees, unknown.flow) == ("received", "inbound")
    assert actions.create_batch(source=saved, file=table([row("3")]), file_name="x.csv", by=None).mapping["sees"] == "received"
    assert AuditEvent.objects.filter(event="source.mapped", by_label="Ada").exists()


def only_source() -> Source:
    return Source.objects.get()


def test_the_command_says_what_is_wrong(world: Any, tmp_path: Path) -> None:
    file, mapping = tmp_path / "x.csv", tmp_path / "mapping.json"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_referrals", str(file), "--source", "x")
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="No mapping that we know"):
        call_command("import_referrals", str(file), "--source", "x")
    mapping.write_text("{")
    with pytest.raises(CommandError, match="not JSON"):
        call_command("import_referrals", str(file), "--source", "x", "--mapping", str(mapping))
    mapping.write_text(json.dumps(MAPPING))
    with pytest.raises(CommandError, match="no column"):
        call_command("import_referrals", str(file), "--source", "x", "--mapping", str(mapping))
    file.write_bytes(table([row("1"), row("2", state="frobbed")]).getvalue() + b'"never closed')
    with pytest.raises(CommandError, match="never closed"):
        call_command("import_referrals", str(file), "--source", "x", "--mapping", str(mapping), stderr=io.StringIO())
    file.write_bytes(table([row("1"), row("2", state="frobbed")]).getvalue())
    out, err = io.StringIO(), io.StringIO()
    call_command("import_referrals", str(file), "--source", "x", "--mapping", str(mapping), stdout=out, stderr=err)
    assert "1 referrals are new" in out.getvalue()
    assert "1 refused: unknown status" in out.getvalue()
    assert "2 rows read" in err.getvalue()


def test_nothing_of_a_patient_is_left_anywhere(
    world: Any, tmp_path: Path, settings: Any, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Every table read as text, the log and the upload folder: no name, no birth date, no record number."""
    caplog.set_level(logging.DEBUG)
    draw_world(tmp_path, "--seed", "9", "--providers", "40", "--referrals", "300", "--months", "5")
    file = tmp_path / "referrals_a.csv"
    lines = file.read_text("utf-8-sig").splitlines()
    assert any(name in "".join(lines) for name in make_world.CANARY[0])
    file.write_text("\n".join([*lines, lines[1].replace("A0", "B0").replace('"', "") + ",stray,cells"]), "utf-8")
    load_contacts(tmp_path)
    with django_capture_on_commit_callbacks(execute=True):
        for source in "abc":
            import_referrals(tmp_path, source)
    canary = re.compile(rf"QX\d|\b193\d-\d\d-\d\d|{'|'.join((*make_world.CANARY[0], *make_world.CANARY[1]))}", re.IGNORECASE)
    assert canary.search(lines[1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {name} t WHERE t::text ~* %s LIMIT 1", [canary.pattern.replace(r"\b", r"\y")])  # noqa: S608
            assert cursor.fetchone() is None, name
    assert not canary.search(caplog.text)
    assert not [path for path in Path(settings.UPLOADS).rglob("*") if path.is_file()]
    assert Path(project.UPLOADS) == settings.UPLOADS
    factories.make_practice(f"{make_world.CANARY[0][0]} Clinic")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_practice t WHERE t::text ~* %s", [canary.pattern.replace(r"\b", r"\y")])
        assert cursor.fetchone()[0] == 1  # the search does find what is there


def test_the_command_takes_several_files_and_takes_one_back(world: Any, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.csv", "two.csv", "bad.csv")]
    for file, content in zip(files, ([row("1"), row("2")], [row("2", payer="Aetna"), row("", mrn="9")], None), strict=True):
        file.write_bytes(table(content).getvalue() if content else b"")
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    told = {"source": "x", "mapping": mapping, "json": True, "stderr": io.StringIO()}
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"bad\.csv: The file is empty"):
        call_command("import_referrals", *map(str, files), stdout=out, **told)
    one, two, sums = map(json.loads, out.getvalue().splitlines())
    assert (one["file"], one["new"], two["changed"], two["rejected"]) == ("one.csv", 2, 1, {"missing id": 1})
    assert (sums["rows"], sums["new"], sums["changed"], sums["rejected"], sums["batches"]) == (
        4, 2, 1, {"missing id": 1}, [one["batch"], two["batch"]],
    )  # fmt: skip
    assert set(ImportBatch.objects.values_list("arrived_by", "format")) == {("command", "csv")}
    out = io.StringIO()
    call_command("import_referrals", undo=two["batch"], why="The wrong month", stdout=out)
    assert f"Import {two['batch']} is undone" in out.getvalue()
    assert Referral.objects.get(source_key="2").payer is None
    for wrong, sentence in (
        ({"undo": 0, "why": "x"}, "no import 0"),
        ({"undo": two["batch"], "why": "x"}, "undone already"),
        ({}, "Name the files"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("import_referrals", **wrong)


def test_two_uploads_of_one_file_are_one_batch(world: Any) -> None:
    first, second = upload(row("1")), upload(row("1"))
    assert first == second
    assert len(list(Path(project.UPLOADS).iterdir())) == 1
    again = upload(row("1"), name="Read otherwise")
    assert (again, again.mapping["name"]) == (first, "Read otherwise")
    actions.open_upload(first).unlink()
    assert actions.open_upload(upload(row("1"))).is_file(), "what came again is kept where the first was lost"
    run(actions.start_load(batch=first, by=None).pk)
    assert upload(row("1")) != first
