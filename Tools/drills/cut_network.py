"""Sales go on while connections of the bus between the four services are cut, half-open, held up, lossy or slow:
between two services, around one or everywhere, one way or both, each for as long as the seed says. After each trouble
it is measured how long the two services need until each has heard everything that the other had told by then. After
each round everything must settle, the four books must agree, and nobody may keep a dead connection.

`--longest 90 --seconds 90` is for what only minutes bring about."""

import itertools
import random
import threading
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from launcher.waiting import wait_until

from .figures import Figures
from .lines import CUT, KINDS, SLOW, TO_PUBLISHER, TO_SUBSCRIBER, Line, ProductOverLines, Trouble
from .shop import Shop, rows

WHAT = "bus connections cut, half-open, held up, lossy or slow, with sales under way"

RECOVERY_MAX = 60.0
"""Seconds until two services must understand each other again; more is told as a violation."""


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--seconds", type=float, default=45, help="of trouble in a round (45)")
    words.add_argument("--rounds", type=int, default=3, help="trouble, then the books are compared (3)")
    words.add_argument("--longest", type=float, default=15, help="seconds that one trouble lasts at most (15)")
    words.add_argument("--at-once", type=int, default=8, help="sales under way at a time (8)")


def run(options: Namespace, figures: Figures) -> None:
    with (figures.workplace() as folder,
          ProductOverLines(Path(folder), seed=figures.seed) as product):
        shop = Shop(product, figures.seed, options.at_once)
        storm = Storm(product, random.Random(figures.seed), options.longest)
        while figures.rounds < options.rounds and not figures.violations:
            _round(shop, storm, options, figures)
        for kind, took in storm.recoveries.items():
            if took:
                figures.more[f"recovery, {kind}"] = (
                    f"median {median(took):.1f} s, slowest {max(took):.1f} s, of {len(took)}")
        figures.more["rounds settled after"] = [f"{took:.1f} s" for took in storm.settled]
        figures.more["done to connections and chunks"] = dict(product.lines.done())
        figures.more["ends of the sales"] = shop.ends()
        shop.close()


def _round(shop: Shop, storm: "Storm", options: Namespace, figures: Figures) -> None:
    over = threading.Event()
    thread = threading.Thread(target=storm.blow, args=(over, options.seconds))
    thread.start()
    while not over.wait(0.1):
        while shop.in_flight < options.at_once:
            shop.sell()
    thread.join()
    started = time.monotonic()
    shop.settle()
    found = storm.troubles + shop.violations()
    storm.settled.append(time.monotonic() - started)
    try:
        wait_until(lambda: storm.lines.swallowed() == 0, RECOVERY_MAX, "half-open connections to be given up")
    except TimeoutError as error:
        found.append(f"{error}; there are {storm.lines.swallowed()}")
    found += [f"{line} does not go over its line" for line in storm.lines.idle()]
    for words in found:
        figures.violation(words)
    figures.rounds, figures.faults = figures.rounds + 1, storm.struck.total()
    figures.slowest_recovery = max(map(max, filter(None, storm.recoveries.values())), default=0)
    shop.fill(figures)


class Storm:
    """Troubles by chance, with calm in between; every pair of services has at most one at a time."""

    def __init__(self, product: ProductOverLines, chance: random.Random, longest: float):
        self.product, self.lines, self._longest = product, product.lines, longest
        self.struck: Counter[str] = Counter()
        self.recoveries: dict[str, list[float]] = {kind: [] for kind in KINDS}
        """Seconds from the end of each trouble, by kind."""
        self.settled: list[float] = []
        """Seconds that the house needed after each round."""
        self.troubles: list[str] = []
        self._chance = chance
        self._lock = threading.Lock()

    def blow(self, over: threading.Event, seconds: float) -> None:
        """Gust after gust; when one is over for all its pairs, the next one comes. Sets `over` at the end."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0 and not self.troubles:
                pairs = self._pairs()
                gusts = [(pair, self._trouble(), min(self._duration(), max(left, 1))) for pair in pairs]
                with ThreadPoolExecutor(len(gusts)) as pool:
                    list(pool.map(lambda gust: self._strike(*gust), gusts))
        except Exception as error:  # Told when the round is judged.
            self.troubles.append(f"the network could not be troubled: {type(error).__name__}: {error}")
        finally:
            over.set()

    def _pairs(self) -> list[tuple[str, str]]:
        """Two services, one and all others, or everybody."""
        everybody = list(itertools.combinations(self.product.services, 2))
        scope = self._chance.choice(("two", "one", "all"))
        if scope == "two":
            return self._chance.sample(everybody, self._chance.randint(1, 3))
        lonely = self._chance.choice(self.product.services)
        return everybody if scope == "all" else [pair for pair in everybody if lonely in pair]

    def _trouble(self) -> Trouble:
        kind = self._chance.choice(KINDS)
        both, news, replies = (TO_SUBSCRIBER, TO_PUBLISHER), (TO_SUBSCRIBER,), (TO_PUBLISHER,)
        # A connection cannot be cut one way; it can be silent one way.
        directions = both if kind == CUT else self._chance.choices((both, news, replies), (2, 1, 1))[0]
        delay, width = self._chance.uniform(0.05, 2), self._chance.uniform(500, 20_000)
        return Trouble(kind, directions, delay, width) if kind == SLOW else Trouble(kind, directions)

    def _duration(self) -> float:
        """Short ones are as likely as long ones: half a second, a few, or up to the longest."""
        return self._longest * self._chance.choice((0.03, 0.2, 1)) * self._chance.uniform(0.5, 1)

    def _strike(self, pair: tuple[str, str], trouble: Trouble, seconds: float) -> None:
        lines = self.lines.between(*pair)
        self.lines.suffer(lines, trouble)
        time.sleep(seconds)  # How long it lasts is what the seed says.
        self.lines.suffer(lines, None)
        started, told = time.monotonic(), self._told(lines)
        try:
            wait_until(lambda: not self._unheard(lines, told), RECOVERY_MAX, "it to be heard", every=0.1)
        except TimeoutError:
            self.troubles += [f"{RECOVERY_MAX:g} s after {seconds:.1f} s of {trouble}: {words}"
                              for words in self._unheard(lines, told)]
        with self._lock:
            self.struck[trouble.kind] += 1
            self.recoveries[trouble.kind].append(time.monotonic() - started)

    def _told(self, lines: list[Line]) -> dict[tuple[str, str], int]:
        """By publisher and stream, the last number."""
        return {(line.publisher, stream): last for line in lines
                for stream, last in rows(self.product, line.publisher,
                                         "SELECT stream, last_sequence FROM bus_outbox_stream")}

    def _unheard(self, lines: list[Line], told: dict[tuple[str, str], int]) -> list[str]:
        found = []
        for line in lines:
            for publisher, stream, applied in rows(
                    self.product, line.subscriber, "SELECT publisher, stream, sequence FROM bus_cursor"):
                last = told.get((publisher, stream), 0)
                if publisher == line.publisher and applied < last:
                    found.append(f"{line.subscriber} has applied {applied} of {last} of {stream}")
        return found
