"""What of a service's files is not certainly on the disk, read from the log of `disk.c`, and what a power cut makes of it."""

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 512
"""Bytes that reach a disk together or not at all."""
_HEAD = struct.Struct("=QQqqqQ")
WRITTEN, CUT, SYNCED, SYNC_FAILED, CREATED, REMOVED, FOLDER_SYNCED = range(1, 8)


@dataclass(frozen=True)
class Change:
    kind: int
    file: int
    """Its inode."""
    offset: int
    end: int
    size: int
    """Of the file before the change."""
    content: bytes
    """What stood from `offset` on; or the path, and where a removed file is kept."""


def changes(log: bytes) -> Iterator[Change]:
    """A change that is not there whole was not made: the process was killed while it noted it."""
    place = 0
    while place + _HEAD.size <= len(log):
        *words, length = _HEAD.unpack_from(log, place)
        place += _HEAD.size
        if place + length > len(log):
            return
        yield Change(*words, log[place:place + length])
        place += length


@dataclass
class _File:
    before: dict[int, bytes] = field(default_factory=dict)
    """By number of the block: what the disk still holds in its place."""
    reachable: set[int] = field(default_factory=set)
    """Blocks that the next sync takes along. After a failed one they are reachable only when written once more."""
    size: int | None = None
    """What the disk takes for the file's size, where it differs."""

    def change(self, change: Change) -> None:
        if self.size is None:
            self.size = change.size
        first = change.offset // BLOCK
        for number in range(first, -(-change.end // BLOCK)):
            start = (number - first) * BLOCK
            self.before.setdefault(number, change.content[start:start + BLOCK])
            self.reachable.add(number)

    def sync(self) -> None:
        for number in self.reachable:
            del self.before[number]
        self.reachable.clear()
        self.size = None

    def lose(self, path: Path, chance: random.Random | None) -> int:
        """The number of blocks put back. By `chance`, any block may have reached the disk, and so may the size."""
        lost = 0
        with open(path, "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            if self.size is not None and (chance is None or chance.random() < 0.5):
                size = self.size
            for number, content in sorted(self.before.items()):
                if chance is None or chance.random() < 0.5:
                    file.seek(number * BLOCK)
                    file.write(content.ljust(BLOCK, b"\0"))
                    lost += 1
            file.truncate(size)
        return lost


class Pending:
    """Everything that a log says is not synced."""

    def __init__(self, log: bytes):
        self._files: dict[int, _File] = {}
        self._folder: list[Change] = []
        for change in changes(log):
            self._take(change)

    def _take(self, change: Change) -> None:
        file = self._files.setdefault(change.file, _File())
        match change.kind:
            case 1 | 2: file.change(change)
            case 3: file.sync()
            case 4: file.reachable.clear()
            case 5 | 6: self._folder.append(change)
            case 7: self._folder.clear()

    def lose(self, database: Path, chance: random.Random | None = None) -> int:
        """Puts database and log files back; the number of blocks that were lost."""
        kept = 0 if chance is None else chance.randint(0, len(self._folder))
        for change in reversed(self._folder[kept:]):
            self._undo(change)
        lost = 0
        for path in (database, database.with_name(database.name + "-wal"), database.with_name(database.name + "-journal")):
            if path.exists() and path.stat().st_ino in self._files:
                lost += self._files[path.stat().st_ino].lose(path, chance)
        return lost

    @staticmethod
    def _undo(change: Change) -> None:
        path, _, kept = change.content.decode().partition("\0")
        if change.kind == CREATED:
            os.unlink(path)
        else:
            os.rename(kept, path)
