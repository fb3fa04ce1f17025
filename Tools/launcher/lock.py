"""One launcher per state directory: a file lock that the kernel lets go of when the launcher ends, however it ends."""

import fcntl
import json
import os
from pathlib import Path

from .errors import LauncherError


class StateLock:
    """Holds `<state>/launcher.lock` from `acquire()` to `release()`; its text says who and where."""

    def __init__(self, state_directory: Path):
        self._path = state_directory / "launcher.lock"
        self._file = None

    def acquire(self, address: str) -> None:
        """Raises `LauncherError` with the other launcher's pid and address if the directory is in use."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = open(self._path, "a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LauncherError(_already_running(file.read(), self._path.parent)) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "address": address}))
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _already_running(text: str, directory: Path) -> str:
    try:
        other = json.loads(text)
        who, where = f"process {other['pid']}", other["address"]
    except (ValueError, KeyError, TypeError):
        return f"Already starting from {directory} in another process. Wait a moment, or use --state-dir."
    return (f"Already running: {who} serves {where} from {directory}.\n"
            f"Open {where}, stop it with Ctrl-C in its window or `kill {other['pid']}`, "
            "or start a second one with --state-dir DIR --port-base N.")
