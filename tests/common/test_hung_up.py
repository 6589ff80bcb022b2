"""No work is done for a request whose sender hung up."""

import socket
import uuid

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from common.middleware import NobodyWaits, has_hung_up


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_who_waits_is_told_from_who_hung_up(pair):
    ours, theirs = pair
    assert not has_hung_up(None)
    assert not has_hung_up(ours)
    theirs.send(b"GET /next")
    assert not has_hung_up(ours), "a second request follows on the same connection"
    assert ours.recv(9) == b"GET /next", "and nothing was taken out of it"
    theirs.close()
    assert has_hung_up(ours)


def test_only_what_comes_again_is_let_go(pair, caplog):
    ours, theirs = pair
    theirs.close()
    answer = NobodyWaits(lambda request: HttpResponse("done"))
    make, key = RequestFactory(), {"Idempotency-Key": str(uuid.uuid4())}
    assert answer(make.get("/visits/", **{"gunicorn.socket": ours})).status_code == 499
    assert answer(make.post("/api/v1/visits/", headers=key, **{"gunicorn.socket": ours})).status_code == 499
    assert answer(make.post("/visits/log/", **{"gunicorn.socket": ours})).content == b"done", "a form that was sent is carried out"
    assert answer(make.get("/visits/")).content == b"done", "a server that shows no connection"
    assert not caplog.records, "a thousand of them are no news"
