"""The power goes, and everything that was not synced is gone. What was acknowledged must be there all the same."""

import random
import signal
import time
from argparse import ArgumentParser, Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from launcher.errors import LauncherError
from launcher.product import Product

from .disk import Disks
from .figures import Figures
from .kill_storm import MOMENTS
from .promises import Operator, Promises, WitnessedTill
from .shop import Shop

WHAT = "the power cut: everything not fsynced is thrown away, or any part of it"

SABOTAGES = {"ignore-fsync": 1_000_000, "lazy-fsync": 4}
"""By name: of so many syncs the disk makes one and lies about the others."""
SYNC_TAKES = 5_000
"""Microseconds, as a disk that turns: so that the power often goes between write and sync."""
LIES_NOTICED_WITHIN = 20
"""Cuts. Whether one cut shows a lie is chance: of what it takes down, a lazy disk may just have synced."""
CUTS_A_ROUND = 10
"""After so many everything comes to rest and the books are compared."""
MOST_LIKELY = (("one", 5), ("named", 4), ("all", 2))
"""What goes down: one service at a random moment, one at a named moment, the whole machine."""


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--cuts", type=int, default=60, help="how often the power goes, in all (60)")
    words.add_argument("--at-once", type=int, default=12, help="sales under way at a time (12)")
    words.add_argument("--sabotage", choices=SABOTAGES, help="a disk that lies about its syncs: must be noticed")


def run(options: Namespace, figures: Figures) -> None:
    with figures.workplace() as folder:
        disks = Disks(Path(folder) / "disks")
        with Product(Path(folder) / "state", environment=disks.environment) as product:
            storm = Storm(product, disks, figures, options.at_once)
            if options.sabotage:
                storm.sabotaged(options.sabotage)
            else:
                storm.rounds(options.cuts)
            figures.more["blocks lost"] = storm.lost
            storm.shop.close()


class Storm:
    def __init__(self, product: Product, disks: Disks, figures: Figures, at_once: int):
        self.product, self.disks, self.figures, self.at_once = product, disks, figures, at_once
        self.chance = random.Random(figures.seed)
        self.shop = Shop(product, figures.seed, at_once)
        self.tills = [WitnessedTill(product, number) for number in (0, 1)]
        self.shop.tills = list(self.tills)
        self.operator = Operator(product)
        self.lost = 0
        for service in product.services:
            disks[service].slow_down(SYNC_TAKES)

    def rounds(self, cuts: int) -> None:
        figures, shop = self.figures, self.shop
        while figures.faults < cuts and not figures.violations:
            for _ in range(min(CUTS_A_ROUND, cuts - figures.faults)):
                self._note(self.cut())
            with figures.recovery():
                shop.settle()
                self._note(shop.violations())
            figures.rounds += 1
            shop.fill(figures)

    def sabotaged(self, name: str) -> None:
        """The drill must notice that the disk lies."""
        for service in self.product.services:
            self.disks[service].swallow_syncs(SABOTAGES[name])
        found: list[str] = []
        while not found and self.figures.faults < LIES_NOTICED_WITHIN:
            try:
                found = self.cut()
            except (AssertionError, LauncherError, OSError) as error:  # Refused by a service whose file is damaged, too.
                found = [str(error)]
        self.figures.rounds = 1
        self.figures.more[f"sabotage {name}"] = f"caught: {found[0]}" if found else "NOT caught"
        if not found:
            self.figures.violation(f"nobody noticed that the disk lied ({name})")

    def _note(self, found: list[str]) -> None:
        for words in found:
            self.figures.violation(words)

    def cut(self) -> list[str]:
        """One cut and the return of what it took down; what was told before and does not hold any more."""
        product = self.product
        while self.shop.in_flight < self.at_once:
            self.shop.sell()
        kind = self.chance.choices(*zip(*MOST_LIKELY))[0]
        victims = list(product.services) if kind == "all" else [self.chance.choice(product.services)]
        if kind == "named":
            self._run_into(victims[0])
        else:
            time.sleep(self.chance.random() * 0.6)  # When the power goes is chance by intent.
        promises = Promises.of(product, victims, self.operator) if kind == "all" else None
        for name in victims:
            product.processes[name].send(signal.SIGKILL)
        for name in victims:
            product.kill(name)
        promises = promises or Promises.of(product, victims, self.operator)
        for name in victims:
            whatever_part = self.chance if self.chance.random() < 0.5 else None
            self.lost += self.disks[name].cut_power(product.database_path(name), whatever_part)
        found = promises.broken(product, victims)
        self.figures.faults += 1
        with self.figures.recovery(), ThreadPoolExecutor(4) as pool:
            for name in victims:
                product.start_service(name)
            list(pool.map(lambda name: product.wait_ready(name, seconds=60), product.services))
        return found + [words for till in self.tills for words in till.broken()]

    def _run_into(self, name: str) -> None:
        """Lets the service go on until it comes to a moment between two steps, or for a second."""
        self.product.restart(name, {"CRASH_AT": f"{self.chance.choice(MOMENTS[name])}:{self.chance.randint(1, 3)}"})
        deadline = time.monotonic() + 1
        while self.product.processes[name].alive and time.monotonic() < deadline:
            if self.shop.in_flight < self.at_once:
                self.shop.sell()
            time.sleep(0.01)
