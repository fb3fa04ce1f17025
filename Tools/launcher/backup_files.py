"""The files of a backup, on disk: what each holds of the bus, whether they fit together, and how they are put back.

A service's file has one owner, which holds the lock beside it. Nothing here opens a file without that lock.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LauncherError
from .product import DATABASES

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Holdings:
    """What one service's file holds of the bus."""

    service: str
    epoch: str
    heads: dict[str, tuple[int, int]]
    """By stream: the oldest number kept, and the newest given."""
    cursors: dict[tuple[str, str], tuple[str, int]]
    """By publisher and stream: epoch and number of what was applied last."""

    @classmethod
    def of(cls, service: str, path: Path) -> "Holdings":
        """Raises `LauncherError` if it is no file of ours, or damaged."""
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                damage = database.execute("PRAGMA integrity_check").fetchone()[0]
                if damage != "ok":
                    raise LauncherError(f"{path} is damaged ({damage}). Take another backup.")
                epoch, = database.execute("SELECT epoch FROM bus_identity").fetchone()
                heads = {stream: (last + 1 if first is None else first, last) for stream, last, first in database.execute(
                    "SELECT stream, last_sequence, (SELECT min(sequence) FROM bus_outbox o WHERE o.stream = s.stream) "
                    "FROM bus_outbox_stream s")}
                cursors = {(publisher, stream): (epoch, number) for publisher, stream, epoch, number in database.execute(
                    "SELECT publisher, stream, epoch, sequence FROM bus_cursor")}
                database.execute("SELECT 1 FROM bus_restored LIMIT 1")
        except sqlite3.Error as error:
            raise LauncherError(f"{path} cannot be read as a file of {service} ({error}). Take another backup.") from None
        return cls(service, epoch, heads, cursors)

    def json(self) -> dict:
        return {"epoch": self.epoch, "heads": {stream: list(numbers) for stream, numbers in sorted(self.heads.items())},
                "cursors": [[*name, *cursor] for name, cursor in sorted(self.cursors.items())]}


@dataclass(frozen=True)
class Misfit:
    """A stream that its subscriber cannot go on with by itself."""

    subscriber: str
    publisher: str
    stream: str
    words: str

    def __str__(self) -> str:
        return f"{self.subscriber} and {self.stream} of {self.publisher}: {self.words}"


def misfits(files: dict[str, Holdings]) -> list[Misfit]:
    """Between files whose services stand still. A subscriber may be behind its publisher, never ahead of it."""
    found = []
    for subscriber, mine in files.items():
        for (publisher, stream), (epoch, number) in sorted(mine.cursors.items()):
            if publisher not in files or number == 0:
                continue
            first, last = files[publisher].heads.get(stream, (1, 0))
            if epoch != files[publisher].epoch:
                words = "the publisher has another outbox than the one that was applied"
            elif number > last:
                words = f"applied up to {number}, and the publisher's file ends at {last}"
            elif number < first - 1:
                words = f"applied up to {number}, and the publisher has removed everything before {first}"
            else:
                continue
            found.append(Misfit(subscriber, publisher, stream, words))
    return found


# A backup


class Backup:
    """A folder with a copy of each service's file and a manifest that says what they are."""

    def __init__(self, folder: Path):
        self.folder = folder

    def file(self, service: str) -> Path:
        return self.folder / f"{service}.sqlite"

    def seal(self) -> None:
        """Writes the manifest over the copies that were just made. Raises `LauncherError` if they do not fit together."""
        files = {service: Holdings.of(service, self.file(service)) for service in DATABASES}
        _refuse(misfits(files), f"The copies in {self.folder} do not fit together. Take another backup, with a longer --hold")
        manifest = {"takenAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "services": {
            service: {"file": self.file(service).name, "bytes": self.file(service).stat().st_size,
                      "sha256": _digest(self.file(service)), **files[service].json()} for service in DATABASES}}
        partial = self.folder / (MANIFEST + ".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(manifest, indent=1) + "\n")
        _sync(partial)
        partial.replace(self.folder / MANIFEST)
        _sync(self.folder)

    def check(self) -> dict[str, Holdings]:
        """What the files hold. Raises `LauncherError` unless they are the ones that were taken, whole, and fit together."""
        manifest = self._manifest()
        files = {}
        for service in DATABASES:
            path, told = self.file(service), manifest[service]
            if not path.exists():
                raise LauncherError(f"{path} is missing. The backup is not whole: take the folder as it was made.")
            if path.stat().st_size != told["bytes"] or _digest(path) != told["sha256"]:
                raise LauncherError(f"{path} is not the file that was taken: it is damaged, or comes from another backup. "
                                    "Files of different backups do not fit together: restore one backup as it was made, "
                                    "and then one file of another with --only.")
            files[service] = Holdings.of(service, path)
        _refuse(misfits(files), f"The copies in {self.folder} do not fit together")
        return files

    def _manifest(self) -> dict[str, dict]:
        path = self.folder / MANIFEST
        try:
            services = json.loads(path.read_text())["services"]
            missing = [service for service in DATABASES if not {"bytes", "sha256"} <= services[service].keys()]
        except FileNotFoundError:
            raise LauncherError(f"{self.folder} is no whole backup: it has no {MANIFEST}, which is written last. "
                                "Take another backup.") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LauncherError(f"{path} cannot be read ({error!r}). Take another backup.") from None
        if missing:
            raise LauncherError(f"{path} says nothing of {', '.join(missing)}. Take another backup.")
        return services


# Putting back


def restore(backup: Backup, data: Path, only: str | None = None) -> list[Misfit]:
    """Puts the files, or the one of a service, into the folder `data`. Those that were there are kept under another name.

    Returns what will be refused when the services start, as far as it can be known (see `running`). Raises `LauncherError`
    if a service that gets a file runs, or the backup is not whole; then nothing was changed.
    """
    holdings = backup.check()
    services = [only] if only else list(DATABASES)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with owned(data, services):
        # All are ready before the first is put in place.
        ready = {service: _prepare(backup.file(service), data / DATABASES[service]) for service in services}
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{time.time_ns() % 1000:03}"
        for service, file in ready.items():
            _put_in_place(file, data / DATABASES[service], stamp)
    return expected(data, only, holdings[only]) if only else []


def expected(data: Path, restored: str, holdings: Holdings) -> list[Misfit]:
    """What does not fit any more once a service's file was put back. Nobody else looks into the file of one that runs."""
    files = {restored: holdings}
    for service in set(DATABASES) - {restored, *running(data)}:
        if (path := data / DATABASES[service]).exists():
            with owned(data, [service]):
                files[service] = Holdings.of(service, path)
    return [misfit for misfit in misfits(files) if restored in (misfit.publisher, misfit.subscriber)]


def running(data: Path) -> list[str]:
    """The services that own their files now."""
    found = []
    for service in DATABASES:
        try:
            with owned(data, [service]):
                pass
        except LauncherError:
            found.append(service)
    return found


@contextmanager
def owned(data: Path, services: list[str]) -> Iterator[None]:
    """Owns the services' files. Raises `LauncherError` if one of them runs."""
    locks = []
    try:
        for service in services:
            path = data / (DATABASES[service] + ".lock")
            lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
            locks.append(lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise LauncherError(f"{service} is running (process {lock.read() or 'unknown'} owns "
                                    f"{data / DATABASES[service]}). Stop it first.") from None
        yield
    finally:
        for lock in locks:
            lock.close()


def _prepare(copy: Path, place: Path) -> Path:
    """The copy beside its place, with the mark that it was restored."""
    file = place.with_name(place.name + ".restoring")
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    shutil.copyfile(copy, file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO bus_restored (restored_at) VALUES (?)", (time.time(),))
        database.commit()
    _sync(file)
    return file


def _put_in_place(file: Path, place: Path, stamp: str) -> None:
    """What was there has its second name before it loses the first. A log must not be found beside another file."""
    for ending in ("-wal", "-shm", ""):
        old = place.with_name(place.name + ending)
        if old.exists():
            os.link(old, place.with_name(f"{place.name}.before-restore-{stamp}{ending}"))
    _sync(place.parent)
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    _sync(place.parent)
    file.replace(place)
    _sync(place.parent)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(found: list[Misfit], words: str) -> None:
    if found:
        raise LauncherError(words + ":\n" + "\n".join(f"  {misfit}" for misfit in found))
