"""One worker at a time: who comes second waits, and a holder that dies lets go."""

import threading
import time

import pytest
from django.db import connection, connections

from common.locks import held

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_waits_for_the_first():
    order, inside, may_leave = [], threading.Event(), threading.Event()

    def first():
        with held("a name"):
            inside.set()
            may_leave.wait(10)
            order.append("first")
        connections.close_all()

    def second():
        with held("a name"):
            order.append("second")
        connections.close_all()

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    assert inside.wait(10)
    two.start()
    with held("another name"):
        time.sleep(0.2)
    assert order == []
    may_leave.set()
    one.join(10)
    two.join(10)
    assert order == ["first", "second"]


def test_a_holder_whose_connection_ends_lets_go():
    def die():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('a name', 0))")
        connections.close_all()

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(10)
    with held("a name"):
        pass
