"""One whole PRM for all fault tests: what a test breaks, it mends, and the next test finds it well."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prm import processes
from prm.embedded import ROOT
from tests.factories.referrals import draw_world
from tests.faults.stack import Stack, running


@pytest.fixture(scope="package")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of 900 referrals in three shapes."""
    folder = tmp_path_factory.mktemp("faults")
    draw_world(folder, "--seed", "21", "--providers", "60", "--referrals", "900", "--months", "6")
    return folder


@pytest.fixture(scope="package")
def truth(world_folder: Path) -> dict[str, Any]:
    return json.loads((world_folder / "truth.json").read_text())


@pytest.fixture(scope="package")
def stack(world_folder: Path) -> Iterator[Stack]:
    def prepare(stack: Stack) -> None:
        subprocess.run([sys.executable, "-m", "tests.faults.field", str(world_folder)], cwd=ROOT, check=True)

    with pytest.MonkeyPatch.context() as environment:
        for name in ("DATABASE_URL", "REDIS_URL", "PRM_VAR"):
            environment.setenv(name, "")  # remembered, so that bin/test's own is put back
            environment.delenv(name)
        with running(prepare) as stack:
            yield stack


@pytest.fixture
def quiet(stack: Stack) -> None:
    """Nothing else waits for the workers."""
    assert processes.until(lambda: stack.one("SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')") == 0, seconds=120)
