"""`python -m tests.browser.serving`: imports everything once; each line "PORT STATIC" on stdin forks a web server.

The server's process id, which is its group's too, is answered on stdout. Importing takes seconds, forking none: a test may stop and start
its server as often as it likes.
"""

import os
import signal
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication


class Web(BaseApplication):
    """gunicorn as `bin/up` runs it, on one port."""

    def __init__(self, port: str, static: str) -> None:
        self.port, self.static = port, static
        super().__init__()

    def load_config(self) -> None:
        told = {
            "bind": f"127.0.0.1:{self.port}",
            "worker_class": "gthread",
            "threads": 4,
            "loglevel": "error",
            "control_socket_disable": True,
        }
        for name, value in told.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        settings.STATIC_ROOT = self.static
        return get_wsgi_application()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    django.setup()
    get_resolver().url_patterns  # noqa: B018 - imports every view
    for line in sys.stdin:
        port, static = line.split()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            os.close(0)
            sys.argv = ["gunicorn"]
            Web(port, static).run()
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
