"""The locks say what is installed, never where from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted([ROOT / "requirements.lock", *(ROOT / "requirements").glob("*.lock")])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_python_locks_pin_by_hash_and_name_no_address(lock):
    text = lock.read_text()
    requirements = re.findall(r"^[a-z0-9][^\n]*==(?:[^\\\n]+)\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert requirements
    assert len(requirements) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert "://" not in text


def test_npm_lock_names_no_registry():
    text = (ROOT / "package-lock.json").read_text()
    assert '"integrity"' in text
    assert '"resolved"' not in text


def test_core_and_dev_locks_agree():
    """bin/test must try what bin/up installs."""
    core, dev = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))
        for lock in (ROOT / "requirements.lock", ROOT / "requirements" / "dev.lock")
    )
    assert core == {name: dev.get(name) for name in core}
