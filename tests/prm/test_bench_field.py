"""bin/bench field at a small size: what it promises holds, and a loss or a double would be seen."""

import random

import pytest
from django.utils import timezone

from benchmarks import field
from benchmarks.measuring import Ratio, table
from contacts.models import Practice
from visits.models import Visit

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits, and every other answer lost on its way."""
    monkeypatch.setattr(field, "TIMER", 0.3)
    monkeypatch.setattr(field, "IDLE_TRIES", 6)
    monkeypatch.setattr(field, "LOST_ANSWERS", 0.5)


def test_phones_that_come_back_at_once_store_every_visit_once(capsys: pytest.CaptureFixture[str]) -> None:
    ratios = {ratio.what: ratio for ratio in field.measure(rows=5, rounds=1, seed=7)}
    assert [ratio.ratio for ratio in list(ratios.values())[:3]] == [0, 0, 0]
    assert len(ratios["field · p95 of a visit ÷ idle p95"].rounds["visit, all at once"]) == 15
    assert all(ratio.is_kept for ratio in ratios.values())
    said = capsys.readouterr().out
    assert "5 phones, 15 visits" in said
    assert " 0 answers lost" not in said, "some answers were lost, and their visits came again"
    assert Visit.objects.filter(logged_by__email__startswith="field").count() == 15 + 6


def _store(practice: Practice, phone: field.Phone, **fields: object) -> None:
    made = {"state": "done", "visited_at": timezone.now(), **fields}
    Visit.objects.create(practice=practice, owner_id=phone.user, logged_by_id=phone.user, **made)


def test_a_loss_and_a_double_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    phones = field._phones(2, random.Random(3))
    practice = Practice.objects.first()
    keys = [item.key for phone in phones for item in phone.waiting]
    for phone in phones:
        for item in phone.waiting[1:]:
            _store(practice, phone, client_id=item.key)
            phone.sent.append(item.key)
        phone.took, phone.waiting = [0.1, 0.2], []
    _store(practice, phones[0])
    lost, twice, waiting, *told = field._told(phones, keys, [0.1, 0.1], [0.1, 0.1], [0.1, 0.1], 1.0)
    assert (lost.ratio, lost.is_kept) == (2, False)
    assert (twice.ratio, twice.is_kept) == (1, False)
    assert waiting.ratio == 0
    assert all(ratio.promise is None and ratio.is_kept for ratio in told)
    assert "told" in table([Ratio("x", None, False, 3.0)])


def test_an_answer_in_chunks_is_read() -> None:
    whole = (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nSet-Cookie: csrftoken=abc; Path=/\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = field._read(whole + b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n', 0.5)
    assert (answer.status, answer.json, answer.cookies) == (201, {"a": 1}, {"csrftoken": "abc"})
    assert field._read(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":', 0.5) is None
    assert field._read(b"", 0.5) is None
