"""Make .venv from the locks. Standard library only: this runs before anything is installed, under whatever Python the machine has."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CORE = ROOT / "requirements.lock"
DEV = ROOT / "requirements" / "dev.lock"
UV = ROOT / "requirements" / "bootstrap.lock"


def same(lock: Path, copy: Path) -> bool:
    """Whether the environment was made from this very lock."""
    return copy.exists() and copy.read_bytes() == lock.read_bytes()


def make(group: str) -> None:
    """Create the environment if need be, and install exactly what the lock names. An environment with the dev tools keeps them."""
    python = VENV / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", ""], check=False).returncode:
        print("Making the Python environment in .venv (once; a minute or two on a slow line) …", flush=True)
        create_venv()
    core_copy, dev_copy = VENV / CORE.name, VENV / DEV.name
    dev = group == "dev" or dev_copy.exists()
    if same(CORE, core_copy) and (not dev or same(DEV, dev_copy)):
        return
    print("Installing the locked packages …", flush=True)
    core_copy.unlink(missing_ok=True)
    run(
        [*uv(python), "pip", "sync", "--quiet", "--require-hashes", "--python", python, DEV if dev else CORE],
        "installing the locked packages",
    )
    for lock, copy in [(CORE, core_copy)] + [(DEV, dev_copy)] * dev:
        copy.write_bytes(lock.read_bytes())


def create_venv() -> None:
    """By the standard library; where Debian splits it out (python3-venv), by uv."""
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401 (only to see that it is there)
    except ImportError:
        if not shutil.which("uv"):
            version = "%d.%d" % sys.version_info[:2]
            sys.exit(
                "This Python has no venv module. Install it, or uv, then run this again."
                f" Debian, Ubuntu: apt-get install python{version}-venv"
            )
        run(["uv", "venv", "--quiet", "--seed", "--python", sys.executable, VENV], "making the environment with uv")
    else:
        run([sys.executable, "-m", "venv", VENV], "making the environment")


def uv(python: Path) -> list:
    """The installer: the machine's own, else the locked one. pip alone could do it in three times the time."""
    if found := shutil.which("uv"):
        return [found]
    if subprocess.run([python, "-m", "uv", "--version"], capture_output=True, check=False).returncode:
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", UV], "installing uv")
    return [python, "-m", "uv"]


# Every locked package has a wheel for the usual platforms; on others pip builds some from source.
NO_COMPILER = " If a package had to be built: there is no C compiler here (Debian: apt-get install build-essential python3-dev)."


def run(command: list, doing: str) -> None:
    """Run a step; its own words are shown, ours say which step it was."""
    environment = {**os.environ, "UV_NO_PROGRESS": "1", "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}
    environment.pop("PYTHONPATH", None)  # set for what is run later, not for installers
    if subprocess.run([str(part) for part in command], env=environment, check=False).returncode:
        compiler = "" if any(map(shutil.which, ("cc", "gcc", "clang"))) else NO_COMPILER
        sys.exit(f"PRM stopped while {doing}: see the lines above. Is the network there?{compiler} Run the command again to go on.")


if __name__ == "__main__":
    with CORE.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands in a fresh clone at once: one makes it, the other finds it made
        make(sys.argv[1])
