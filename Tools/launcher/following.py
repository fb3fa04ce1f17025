"""Shows growing log files line by line, and keeps them from growing for ever."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

LARGEST_LOG = 20 * 1024 * 1024


class Follower:
    """Reads what is appended to each file and hands whole lines to `show(name, line)`."""

    def __init__(self, files: dict[str, Path], show: Callable[[str, str], None]):
        self._files, self._show = files, show
        self._positions = {name: path.stat().st_size if path.exists() else 0 for name, path in files.items()}
        self._halves = dict.fromkeys(files, b"")
        self._stop = threading.Event()
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True, name="follow logs")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Shows what is left and ends."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            last_round = self._stop.wait(0.1)
            self.catch_up()
            if last_round:
                return

    def catch_up(self) -> None:
        """Shows what has been written until now."""
        with self._reading:
            for name, path in self._files.items():
                try:
                    self._read(name, path)
                except OSError:
                    continue  # The file is being made or replaced; the next round sees it.

    def _read(self, name: str, path: Path) -> None:
        size = path.stat().st_size
        if size < self._positions[name]:
            self._positions[name] = 0
        if size > self._positions[name]:
            with open(path, "rb") as file:
                file.seek(self._positions[name])
                content = self._halves[name] + file.read(size - self._positions[name])
            self._positions[name] = size
            *lines, self._halves[name] = content.split(b"\n")
            for line in lines:
                self._show(name, line.decode("utf-8", "replace"))
        if size > LARGEST_LOG:
            # Written in append mode, so the process goes on at the new end.
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
            self._positions[name] = 0
