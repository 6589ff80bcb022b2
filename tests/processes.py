"""Work in a process of its own that is killed in the middle of it."""

import os
import signal
from collections.abc import Callable

from django.core.mail import EmailMessage
from django.db import connection, connections


def killed(work: Callable[[], object]) -> None:
    """Do the work in a fork of this process, which must end itself by SIGKILL.

    The fork opens connections of its own. It cannot close what it inherits: while Playwright's loop runs, the test's own connection is
    another than the one that a fork (which has no loop) finds, and closing that one would end it for this process as well.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            for inherited in connections.all():
                inherited.connection = None
            work()
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    connection.ensure_connection()


def killed_after_handing_over_a_mail(work: Callable[[], object]) -> None:
    """Do the work in a fork that dies when its first mail is handed over, before it can say so."""
    deliver = EmailMessage.send

    def last_breath(message: EmailMessage, *args: object, **kwargs: object) -> None:
        deliver(message)
        os.kill(os.getpid(), signal.SIGKILL)

    def die() -> None:
        EmailMessage.send = last_breath  # type: ignore[method-assign,assignment]  # of the fork alone
        work()

    killed(die)
