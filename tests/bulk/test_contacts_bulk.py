"""Many practices or providers at once: pins and fields of the organization's own, each with its way back."""

import datetime as dt

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from bulk.lists import lists
from bulk.queries import Selection, preview
from contacts.actions import save_custom_field, set_archived
from contacts.models import Practice, PracticePin
from tests import factories
from tests.bulk.ways import change, typed


@pytest.fixture
def practices(world):
    return [factories.make_practice(f"Office {n}", territory=world.north) for n in range(3)]


def test_pins_and_the_way_back(world, practices):
    PracticePin.objects.create(practice=practices[0], territory=world.north, pinned_by=world.dana)
    run = change("practices", "pin", practices, by=world.ada, territory=world.south.pk)
    assert run.changed == 3
    assert set(PracticePin.objects.values_list("territory", flat=True)) == {world.south.pk}
    assert {Practice.objects.get(pk=row.pk).territory for row in practices} == {world.south}
    again = preview_of("practices", "pin", practices, world.ada, territory=world.south.pk)
    assert list(again.staying) == ["Pinned there already."]
    PracticePin.objects.filter(practice=practices[2]).update(territory=world.north)
    assert run.take_back() == 2
    assert dict(PracticePin.objects.values_list("practice", "territory")) == {
        practices[0].pk: world.north.pk,
        practices[2].pk: world.north.pk,
    }


def test_pins_come_off_and_return(world, practices):
    PracticePin.objects.create(practice=practices[0], territory=world.south, pinned_by=world.dana)
    seen = preview_of("practices", "unpin", practices, world.ada)
    assert [row.pk for row in seen.changing] == [practices[0].pk]
    assert list(seen.staying) == ["Not pinned: the rules place it."]
    run = change("practices", "unpin", practices, by=world.ada)
    assert (run.changed, run.kept) == (1, 2)
    assert not PracticePin.objects.exists()
    assert run.take_back() == 1
    assert PracticePin.objects.get().territory == world.south


def preview_of(name, act, rows, by, **fields):
    bulk_list, chosen = lists[name], lists[name].acts[act]
    form = chosen.form(typed(fields), user=by)
    assert form.is_valid(), form.errors
    return preview(bulk_list, chosen, selection=Selection([row.pk for row in rows]), settings={}, data=form.cleaned_data, by=by)


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [("yes-no", "Yes", True), ("number", "12", 12), ("choice", "epic", "Epic"), ("text", "By phone", "By phone"), ("text", "", None)],
)
def test_own_fields_are_filled_in_and_emptied_again(world, practices, kind, text, kept):
    field = save_custom_field(subject="practice", label="Record system", kind=kind, choices=["Epic", "Cerner"], by=world.ada)
    Practice.objects.filter(pk=practices[0].pk).update(custom={field.key: "before", "other": 1})
    run = change("practices", "own-field", practices, by=world.nora, field=field.key, value=text)
    assert run.changed == (1 if kept is None else 3)
    assert Practice.objects.get(pk=practices[0].pk).custom == ({"other": 1} if kept is None else {field.key: kept, "other": 1})
    assert run.take_back() == run.changed
    assert [Practice.objects.get(pk=row.pk).custom for row in practices] == [{field.key: "before", "other": 1}, {}, {}]


def test_what_cannot_stand_in_the_field_is_said(world, practices):
    field = save_custom_field(subject="provider", label="Languages", kind="choice", choices=["Spanish", "Polish"], by=world.ada)
    form = lists["providers"].acts["own-field"].form(typed({"field": field.key, "value": "Latin"}), user=world.nora)
    assert not form.is_valid()
    assert "Latin" in str(form.errors["value"])
    run = change("providers", "own-field", [world.north_provider], by=world.nora, field=field.key, value="polish")
    world.north_provider.refresh_from_db()
    assert world.north_provider.custom == {field.key: "Polish"}
    assert run.take_back() == 1


def test_practices_are_archived_and_come_back(world, practices):
    factories.make_provider(at=practices[0])
    practices.append(factories.make_practice("Gone Office", territory=world.north, archived_at=timezone.now()))
    run = change("practices", "archive", practices, by=world.nora)
    assert (run.changed, run.kept) == (2, 2)
    assert run.whys[practices[0].pk].startswith("1 provider works there today"), "nobody is lost from sight"
    assert run.whys[practices[3].pk] == "Archived already."
    assert set(Practice.objects.exclude(archived_at=None)) == set(practices[1:])
    assert AuditEvent.objects.filter(event="practice.archived", by_id=str(world.nora.pk)).count() == 2
    set_archived(practice=Practice.objects.get(pk=practices[1].pk), archived=False, by=world.dana)
    set_archived(practice=Practice.objects.get(pk=practices[1].pk), archived=True, by=world.dana)
    assert run.take_back() == 1, "the other was archived anew since"
    assert set(Practice.objects.exclude(archived_at=None)) == {practices[1], practices[3]}


def test_practices_come_back_from_the_archive_and_go_again(world, practices):
    long_ago = timezone.now() - dt.timedelta(days=90)
    Practice.objects.filter(pk__in=[practices[0].pk, practices[1].pk]).update(archived_at=long_ago)
    run = change("practices", "bring-back", practices, by=world.nora)
    assert (run.changed, run.whys) == (2, {practices[2].pk: "In use already."})
    factories.make_provider(at=practices[0])
    assert run.take_back() == 1, "where somebody works by now it stays"
    assert list(Practice.objects.exclude(archived_at=None)) == [practices[1]]
