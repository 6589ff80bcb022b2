"""What `bin/up` does before anything serves. Progress goes to the error stream, the sign-ins to standard output."""

import argparse
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--empty", action="store_true")
    empty = parser.parse_args().empty
    django.setup()
    packing = pack_static()
    migrate()
    if not empty:
        load_demo()
    if packing:
        packing.finish()
    sys.stdout.write(sign_ins())


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def migrate() -> None:
    """Apply what is missing; nothing to apply costs one query."""
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say(f"Bringing the database up to date ({len(missing)} steps) …")
        call_command("migrate", interactive=False, verbosity=0)


@dataclass
class Packing:
    """Static files being hashed and compressed in a process of its own, while the database is prepared."""

    process: subprocess.Popen[bytes]
    stamp: Path
    digest: str

    def finish(self) -> None:
        """Wait for the end, and remember what was packed."""
        if self.process.wait():
            sys.exit("The static files could not be packed: see the lines above.")
        self.stamp.write_text(self.digest)


def pack_static() -> Packing | None:
    """Begin to hash and compress the static files, when one of them or a package changed. With DEBUG they are served from the sources."""
    if settings.DEBUG:
        return None
    digest = sha256((settings.BASE_DIR / "requirements.lock").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(file for file in Path(folder).rglob("*") if file.is_file()):
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    stamp = settings.VAR / "run" / "static"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return None
    stamp.unlink(missing_ok=True)
    say("Packing the static files …")
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic", "--no-input", "--clear", "--verbosity", "0"]
    return Packing(subprocess.Popen(command, stdout=subprocess.DEVNULL), stamp, digest.hexdigest())


def load_demo() -> None:
    """The invented world, for a database without people. A mark tells the next start that this one was interrupted."""
    mark = settings.VAR / "run" / "demo-is-loading"
    people = get_user_model().objects
    if not people.exists() or (mark.exists() and not people.filter(is_demo=False).exists()):
        mark.touch()
        call_command("load_demo", stdout=sys.stderr)
        mark.unlink()


def sign_ins() -> str:
    """The demo people and their passwords; for an empty database, how to become its first admin."""
    text = io.StringIO()
    call_command("demo_signins", stdout=text)
    if not text.getvalue() and not get_user_model().objects.exists():
        from setup.actions import first_admin_path  # noqa: PLC0415 - models are loaded by now

        first = settings.BASE_URL + first_admin_path()
        return f"Nobody can sign in yet. Open this address to become the first admin (it works once):\n  {first}\n"
    return text.getvalue()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    main()
