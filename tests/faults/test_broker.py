"""Scenarios 8 to 11: without the broker and the cache people go on working, and the work they asked for is done when it is back."""

import re
import time

import pytest

from tests.faults.stack import Person, Stack

pytestmark = pytest.mark.slow
# Seconds that a request may take longer than in calm. Two are promised; a busy machine is given more, and a request that talked to the
# broker would still be found out: its socket's time limit alone is ten.
LONGER = 5.0


def log_visit(person: Person, stack: Stack, note: str) -> float:
    """Save a visit through the form; returns the seconds that the saving took."""
    practice, client = stack.sql("SELECT min(id), gen_random_uuid()::text FROM contacts_practice WHERE territory_id IS NOT NULL")[0]
    answer = person.post(
        "/visits/log/",
        practice=practice,
        mode="in person",
        outcome="met staff",
        visited_at=time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 86400)),
        note=note,
        due="7",
        client_id=client,
    )
    assert answer.status == 200, answer.text
    assert "saved=1" in answer.url
    return answer.seconds


def ask_for_report(person: Person, first: str, last: str) -> tuple[int, float]:
    """The number of the run that was asked for, and the seconds that asking took."""
    answer = person.post("/reports/runs/new/volume/", territory="", first=first, last=last)
    assert answer.status == 200
    return int(re.search(r"/runs/(\d+)/", answer.url)[1]), answer.seconds


@pytest.mark.parametrize(("how", "first"), [("ended", "2026-06-01"), ("silent", "2026-07-01")])
def test_people_save_and_ask_without_a_broker_and_the_work_is_done_when_it_is_back(stack: Stack, how: str, first: str) -> None:
    nora, dana = stack.person("nora"), stack.person("dana")
    calm_save = log_visit(nora, stack, f"calm before {how}")
    calm_page = max(dana.get("/reports/").seconds for _ in range(2))
    with stack.broker_away(how):
        assert log_visit(nora, stack, f"while {how}") < calm_save + LONGER
        run, seconds = ask_for_report(dana, first, "2026-09-01")
        job = stack.one("SELECT job_id FROM reports_reportrun WHERE id = %s", run)
        assert seconds < calm_page + LONGER
        page = dana.get("/reports/?period=3")
        assert (page.status, page.seconds < calm_page + LONGER) == (200, True), page.seconds
        assert stack.ready()[1]["broker"] == "out of reach"
        time.sleep(2)  # the relay tries
        assert stack.job(job)[0] == "queued"
    stack.await_job(job)
    assert stack.job(job) == ("done", 1, "")
    assert "Inbound referrals" in dana.get(f"/reports/runs/{run}/").text
    assert stack.one("SELECT count(*) FROM visits_visit WHERE note = %s", f"while {how}") == 1
