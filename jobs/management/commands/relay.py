"""`manage.py relay`: the loop between the job table and the broker."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from jobs import relay


class Command(BaseCommand):
    help = "Wake workers for waiting jobs and free the jobs of dead workers, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.wait(0.5):
            relay.turn()
