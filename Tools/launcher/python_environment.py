"""The Python environment in `.run/venv`, at pinned versions, renewed when a requirements file changes."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from . import paths
from .errors import LauncherError
from .screen import say

RUN_REQUIREMENTS = [paths.TOOLS / "requirements.txt", paths.TOOLS / "vipps-simulator" / "requirements.txt"]
TEST_REQUIREMENTS = RUN_REQUIREMENTS + [paths.TOOLS / "requirements-test.txt"]


def prepare(requirements: list[Path]) -> None:
    """Makes the environment if needed and installs the files' packages unless exactly these were installed before."""
    files = [file for file in requirements if file.exists()]
    stamp = paths.PYTHON_ENVIRONMENT / "installed"
    wanted = {_digest(file) for file in files}
    installed = set(stamp.read_text().split()) if stamp.exists() else set()
    if paths.PYTHON.exists() and wanted <= installed:
        return
    if not _usable():
        say(f"Making a Python environment in {paths.PYTHON_ENVIRONMENT} ...")
        venv.EnvBuilder(with_pip=True, clear=True).create(paths.PYTHON_ENVIRONMENT)
        installed = set()
    say("Installing Python packages: " + ", ".join(str(file.relative_to(paths.REPOSITORY)) for file in files))
    arguments = [word for file in files for word in ("-r", str(file))]
    pip(["install", "--quiet", *arguments])
    stamp.write_text("\n".join(sorted(installed | wanted)) + "\n")


def pip(arguments: list[str]) -> None:
    """Runs the environment's pip; raises with its last words if it fails."""
    result = subprocess.run([str(paths.PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
                            text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        lines = (result.stdout + result.stderr).strip().splitlines()[-12:]
        raise LauncherError("pip failed. Is the network (or your package index) reachable?\n  " + "\n  ".join(lines))


def _usable() -> bool:
    """False for a missing environment or one whose Python has been removed or upgraded since."""
    if not paths.PYTHON.exists():
        return False
    probe = subprocess.run([str(paths.PYTHON), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"],
                           text=True, capture_output=True)
    return probe.returncode == 0 and probe.stdout.strip() == "%d.%d" % sys.version_info[:2]


def _digest(file: Path) -> str:
    return hashlib.sha256(str(sys.version_info[:2]).encode() + file.read_bytes()).hexdigest()
