"""`bin/manage`: Django's command line, with the servers it needs."""

import os
import signal
import sys
from pathlib import Path

from prm import embedded
from prm.processes import Unavailable


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))  # leave by the door: the servers may be ours to stop
    try:
        with embedded.servers(data_folder(), say=complain):
            from django.core.management import execute_from_command_line  # noqa: PLC0415 - the addresses must be set first

            execute_from_command_line(["bin/manage", *sys.argv[1:]])
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)


def data_folder() -> Path:
    """PRM_VAR, else var/ in the checkout."""
    return Path(os.environ.get("PRM_VAR") or embedded.ROOT / "var").absolute()


def complain(sentence: str) -> None:
    """Progress goes to the error stream: standard output belongs to the command."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
