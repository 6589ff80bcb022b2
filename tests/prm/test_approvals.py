"""The queue of what waits for a manager: spend from its own app, as a lazy panel with its own permission."""

import pytest
from django.urls import reverse


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("ivan", 403), ("elle", 403), ("dana", 200), ("ada", 200)])
def test_who_has_a_queue(as_, world, who, status):
    client = as_(who)
    page = client.get(reverse("approvals"))
    assert page.status_code == status
    assert client.get(reverse("compliance:approvals-panel")).status_code == status
    if status == 200:
        for panel, said in (("compliance:approvals-panel", "No spend waits"), ("planning:waiting-panel", "No hand-over waits")):
            assert reverse(panel) in page.content.decode()
            assert said in client.get(reverse(panel)).content.decode()


def test_an_open_task_stands_in_it(as_, world):
    from compliance.models import SpendEntry, SpendTask  # noqa: PLC0415 - of this test only

    entry = SpendEntry.objects.create(practice=world.north_practice, spent_on="2026-11-01", amount=90, recorded_by=world.nora, kind="meal")
    SpendTask.objects.create(
        entry=entry, provider=world.north_provider, year=2026, kind="approve", cause="limit", amount=40, received_on="2026-11-01",
        due_on="2026-12-01", why="Over the limit."
    )  # fmt: skip
    panel = as_("dana").get(reverse("compliance:approvals-panel")).content.decode()
    assert "1 spend task waits" in panel
    assert str(world.north_provider) in panel
