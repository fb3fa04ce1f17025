"""Disks that lose what was not synced, are full or fail: one for each service, and told what to do while it runs.

    disks = Disks(folder)
    product = Product(state, environment=disks.environment)
    disks["vipps-gateway"].limit(0)
    product.kill("vipps-gateway")
    disks["vipps-gateway"].cut_power(product.database_path("vipps-gateway"))

`disk.c` is preloaded into the services; what it does is said there.
"""

import mmap
import random
import struct
from pathlib import Path

from launcher.product import DATABASES

from ..preload import library
from .pending import Pending

SOURCE = Path(__file__).with_name("disk.c")
WRITES, SYNCS, FILE_SYNCS = 1, 2, 4
"""What can fail; `FILE_SYNCS` are those of the database file itself, not of its log."""


class Disks:
    """The disks of one product's services by name. `folder` holds their logs and control files."""

    def __init__(self, folder: Path):
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {"LD_PRELOAD": str(library(SOURCE)), "DISK_FOLDER": str(folder)}
        """What the services are started with."""
        self._disks = {service: Disk(folder, name) for service, name in DATABASES.items()}

    def __getitem__(self, service: str) -> "Disk":
        return self._disks[service]

    def __iter__(self):
        return iter(self._disks.values())


class Disk:
    """What one disk does wrong, and what it has done: `struct control` of `disk.c`, shared with the service."""

    _PLACES = {"swallow_syncs": ("i", 0), "fail_every": ("i", 4), "fail_kinds": ("i", 8), "is_limited": ("i", 12),
               "space": ("q", 16), "sync_takes": ("q", 24), "writes": ("q", 32), "syncs": ("q", 40),
               "refused": ("q", 48), "failed": ("q", 56), "swallowed": ("q", 64)}

    def __init__(self, folder: Path, name: str):
        self._folder, self._name = folder, name
        path = folder / f"{name}.control"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def count(self, what: str) -> int:
        """So many `writes`, `syncs`, `refused` (no space), `failed`, `swallowed` since the start."""
        kind, place = self._PLACES[what]
        return struct.unpack_from("=" + kind, self._page, place)[0]

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            kind, place = self._PLACES[name]
            struct.pack_into("=" + kind, self._page, place, value)

    def slow_down(self, microseconds: int) -> None:
        """What a sync takes; real disks need thousands."""
        self._set(sync_takes=microseconds)

    def swallow_syncs(self, of: int) -> None:
        """Of so many syncs one is made, and the others are lies."""
        self._set(swallow_syncs=of)

    def fail(self, every: int, kinds: int = WRITES | SYNCS) -> None:
        """Every so many operations of these kinds fails with an I/O error."""
        self._set(fail_kinds=kinds, fail_every=every)

    def limit(self, space: int) -> None:
        """The files may grow by so many bytes more."""
        self._set(space=space, is_limited=1)

    def mend(self) -> None:
        """Space, and good health."""
        self._set(is_limited=0, fail_every=0, swallow_syncs=0)

    def cut_power(self, database: Path, chance: random.Random | None = None) -> int:
        """Leaves of the files what a power cut leaves of them: everything that was not synced is gone or, by `chance`,
        any part of it. The service must be dead. Returns the number of blocks that were lost."""
        log = self._folder / f"{self._name}.log"
        lost = Pending(log.read_bytes()).lose(database, chance)
        database.with_name(database.name + "-shm").unlink(missing_ok=True)
        log.write_bytes(b"")
        for kept in database.parent.glob(f"{database.name}.removed.*"):
            kept.unlink()
        return lost
