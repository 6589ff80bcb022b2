"""`bin/check`: what CI and pre-commit run before any test. Every judge speaks, then the command fails if one of them objected."""

import os
import subprocess
import sys
from pathlib import Path

from prm import embedded
from prm.embedded import ROOT
from prm.processes import Unavailable

PYTHON = [sys.executable, "-m"]
MANAGE = [sys.executable, "-W", "error::RuntimeWarning", "manage.py"]
TOOLS = {
    "format": [*PYTHON, "ruff", "format", "--check", "--quiet", "."],
    "lint": [*PYTHON, "ruff", "check", "--quiet", "."],
    "layers": [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
    "types": [*PYTHON, "mypy", "."],
}
PRODUCTION = {
    "SECRET_KEY": "a production-like key that is long, and only good for asking Django's deployment check: 0123456789",
    "PRM_PATIENT_KEY": "likewise",
    "PRM_TRUSTED_PROXIES": "1",
    "PRM_ALLOWED_HOSTS": "prm.example.org",
    "PRM_ORIGINS": "https://prm.example.org",
    "PRM_DEBUG": "0",
}


def main() -> None:
    os.chdir(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"
    objections = []
    try:
        with embedded.throwaway_servers():  # makemigrations --check reads the migration history
            os.environ.pop("PRM_DEBUG", None)
            for name, command in {**TOOLS, "templates": djade(), **django()}.items():
                if (
                    command
                    and subprocess.run(command, env={**os.environ, **(PRODUCTION if name == "deployment" else {})}, check=False).returncode
                ):
                    objections.append(name)
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)
    if objections:
        sys.exit(
            f"bin/check objects to: {', '.join(objections)}. `.venv/bin/ruff format . && .venv/bin/ruff check --fix .` mends most of form."
        )
    print("bin/check: format, lint, layers, types, templates, migrations and deployment are fine.")


def djade() -> list[str]:
    """The template formatter, on every template."""
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    return [str(Path(sys.executable).with_name("djade")), "--check", "--target-version", "5.2", *templates] if templates else []


def django() -> dict[str, list[str]]:
    """What Django knows about itself."""
    return {
        "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
        "deployment": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
    }


if __name__ == "__main__":
    main()
