"""The machine's own Chromium: nothing is downloaded."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ADVICE = "Install one (Debian, Ubuntu: apt-get install chromium) or name it: CHROMIUM_PATH=/path/to/chrome"


def find() -> str | None:
    """CHROMIUM_PATH, else the usual names."""
    for candidate in (os.environ.get("CHROMIUM_PATH"), *map(shutil.which, NAMES), str(MAC)):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    return None
