"""`swift build` with a progress a person can watch, a full log, and the errors at the end if it fails."""

import os
import re
import subprocess
import time
from pathlib import Path

from . import paths
from .errors import LauncherError
from .keys import SERVICES
from .screen import end_progress, is_terminal, progress, say

_STEP = re.compile(r"^\[(\d+)/(\d+)\] (.*)")


def environment() -> dict[str, str]:
    """Deterministic hashing keeps SwiftPM from recompiling dependencies at random."""
    return {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}


def build_products(release: bool = False) -> None:
    """Builds the four services and the bus tool, not the tests; raises `LauncherError` with the compiler's errors."""
    started = time.monotonic()
    say(f"Building ({'release' if release else 'debug'}); a first build takes several minutes. Log: {paths.BUILD_LOG}")
    paths.BUILD_LOG.parent.mkdir(parents=True, exist_ok=True)
    paths.BUILD_LOG.write_bytes(b"")
    swift(["build", *(["-c", "release"] if release else [])], paths.BUILD_LOG)
    say(f"Built in {time.monotonic() - started:.0f} s.")


def swift(arguments: list[str], log: Path) -> None:
    """Runs one swift command, its output appended to `log` and its steps shown as progress."""
    lines: list[str] = []
    shown = time.monotonic()
    with open(log, "a", encoding="utf-8", errors="replace") as file:
        file.write(f"$ swift {' '.join(arguments)}\n")
        process = subprocess.Popen(["swift", *arguments], cwd=paths.REPOSITORY, env=environment(), text=True,
                                   errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        try:
            for line in process.stdout:
                file.write(line)
                lines.append(line.rstrip())
                if is_terminal():
                    progress("  " + line.strip())
                elif _STEP.match(line) and time.monotonic() - shown >= 10:
                    shown = time.monotonic()
                    say("  " + line.strip())
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            end_progress()
    if code != 0:
        raise LauncherError(f"swift {' '.join(arguments)} failed (code {code}). The whole log: {log}\n"
                            + "\n".join("  " + line for line in last_errors(lines)))


def last_errors(lines: list[str], limit: int = 12) -> list[str]:
    """The compiler's last error lines without repetition, or the last lines if none says `error:`."""
    errors = list(dict.fromkeys(line for line in lines if "error:" in line))
    return errors[-limit:] or lines[-limit:]


def check_built(release: bool = False) -> None:
    """For `--no-build`: raises if an executable is missing."""
    missing = [name for name in SERVICES if not (paths.binaries(release) / name).exists()]
    if missing:
        raise LauncherError(f"Not built yet: {', '.join(missing)}. Start without --no-build.")
