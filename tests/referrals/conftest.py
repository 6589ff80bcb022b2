"""The invented world in its three shapes, small."""

import subprocess
import sys
from pathlib import Path

import pytest

MAKE_WORLD = Path(__file__).parent.parent / "make_world.py"


def make_world(folder: Path, *arguments: str) -> Path:
    """Write a world into the folder; `arguments` as the script takes them."""
    subprocess.run([sys.executable, str(MAKE_WORLD), "--out", str(folder), *arguments], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def invented_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 3,000 referrals among 120 providers."""
    return make_world(tmp_path_factory.mktemp("world"), "--providers", "120", "--referrals", "3000")
