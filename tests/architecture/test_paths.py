"""No file of the project speaks of the machine on which it was written."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SOMEBODYS = re.compile(r"""["'\s](/(?:home|root|work|Users)/\w[^"'\s]*)""")
SUFFIXES = (".py", ".md", ".toml", ".yml", ".sh", ".json", ".js", ".html", ".css")
NOT_OURS = {".venv", "node_modules", "var", "static", "staticfiles", "package-lock.json"}


def test_no_path_of_a_machine_is_written_down() -> None:
    found = {}
    for path in Path(settings.BASE_DIR).rglob("*"):
        parts = path.relative_to(settings.BASE_DIR).parts
        if (
            path.suffix in SUFFIXES
            and path.is_file()
            and path != Path(__file__)
            and not any(part in NOT_OURS or part.startswith(".") for part in parts)
        ):
            found |= {str(Path(*parts)): match[1] for match in [SOMEBODYS.search(path.read_text("utf-8", "replace"))] if match}
    assert found == {}


@pytest.mark.parametrize("line", ['Path("/work/build")', "cd /home/ana/prm", "'/Users/ana/x'"])
def test_such_a_path_is_found(line: str) -> None:
    assert SOMEBODYS.search(line)
