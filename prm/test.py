"""`bin/test`: the suite against throw-away servers, with Chromium when the machine has one."""

import os
import signal
import subprocess
import sys

from prm import assets, browser, embedded
from prm.processes import Unavailable


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop makes Django think that a test is asynchronous
    for name in ("PRM_DEBUG", "PRM_ROLE", "EMAIL_URL"):
        os.environ.pop(name, None)  # a person's own configuration must not decide a test
    if chromium := browser.find():
        os.environ["CHROMIUM_PATH"] = chromium
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        assets.build(say=print)
        with embedded.throwaway_servers():
            failed = subprocess.run([sys.executable, "-m", "pytest", *chosen(sys.argv[1:])], cwd=embedded.ROOT, check=False).returncode
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)
    if not chromium:
        print(f"\n{'!' * 100}\n!!! NO CHROMIUM: the browser tests were skipped. {browser.ADVICE}\n{'!' * 100}", file=sys.stderr)
    sys.exit(failed)


def chosen(arguments: list[str]) -> list[str]:
    """Everything but the slow proofs, unless the caller says which marks; the whole suite uses the cores, and says what took long.

    Coverage is asked for (`bin/test --cov`, one process): it takes as long again as the tests.
    """
    if not arguments:
        cores = min(os.cpu_count() or 1, 8)  # Valkey has sixteen databases, and each process takes two
        return ["-m", "not slow", "-n", str(cores), "--dist", "loadfile", "--durations", "40", "--durations-min", "3"]
    return arguments if any(argument.startswith("-m") for argument in arguments) else ["-m", "not slow", *arguments]


if __name__ == "__main__":
    main()
