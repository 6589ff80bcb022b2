"""Real samples that nobody here wrote: beside the checkout where there are any, never in it. Tests that need them skip with a reason."""

from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "shared" / "data"
ABSENT = "the official samples are not on this machine"


def sample(name: str) -> bytes:
    """What is in a sample."""
    file = SAMPLES / name
    if not file.is_file():
        pytest.skip(ABSENT)
    return file.read_bytes()


def samples(pattern: str) -> list[Any]:
    """The samples of a pattern as parameters; without any, one that is skipped."""
    return sorted(SAMPLES.glob(pattern)) or [pytest.param(SAMPLES / pattern, marks=pytest.mark.skip(reason=ABSENT))]
