"""Strangers at every door: unsigned webhooks, forged sessions, one tenant's people with another's identifiers, guessed
passwords, malformed and oversized requests, unlisted keys on the bus, a listed service gone bad, a Vipps that answers
nonsense. Nothing enters, nothing leaks, nobody crashes, and the shop next door goes on selling."""

import random
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from launcher.keys import SERVICES
from launcher.product import Product

from ..figures import Figures

WHAT = "forged webhooks and sessions, foreign identifiers, guessing, a fuzzer on every door, strangers on the bus"

PARTS = ["webhooks", "roles", "tenants", "guessing", "requests", "bus", "lies", "peers"]


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--rounds", type=int, default=3, help="each with other chance (3)")
    words.add_argument("--fuzz", type=int, default=2_000, help="malformed requests a round (2000)")
    words.add_argument("--lies", type=float, default=30, help="seconds a round in which Vipps answers nonsense (30)")
    words.add_argument("--share", type=float, default=1, help="of the routes that each guise and each foreign "
                       "identifier is tried at; below 1 no address is worn out by guessing (1)")
    words.add_argument("--peers", nargs="+", choices=SERVICES, default=SERVICES, metavar="SERVICE",
                       help="services that go bad, each in a product of its own (all four)")
    words.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                       help="only these: " + ", ".join(PARTS))


def run(options: Namespace, figures: Figures) -> None:
    if set(options.parts) - {"peers"}:
        _siege(options, figures)
    if "peers" in options.parts and not figures.violations:
        for service in options.peers:
            _gone_bad(service, figures)


def _siege(options: Namespace, figures: Figures) -> None:
    """Everything but the bad peers, at one product."""
    from .lies import LyingVipps
    from .webhooks import Letterbox
    with figures.workplace() as folder:
        box, product = Letterbox(), Product(Path(folder))
        lying = LyingVipps(product.simulator_url, random.Random(figures.seed))
        product = Product(Path(folder), ports=product.ports,
                          environment={"WEBHOOK_BASE_URL": box.url, "VIPPS_BASE_URL": lying.url})
        box.gateway = product.url("vipps-gateway")
        try:
            with product:
                _Siege(product, options, figures, box, lying).run()
        finally:
            box.close()
            lying.close()


def _gone_bad(service: str, figures: Figures) -> None:
    """One service whose keys are in bad hands. What it has said is in its history, and nobody goes on with that: so
    every one has a product of its own."""
    from .bus import misbehave
    from .people import VICTIM
    from .watch import Watch
    with figures.workplace() as folder, Product(Path(folder)) as product:
        watch = Watch(product, figures, VICTIM)
        started = time.monotonic()
        sent = misbehave(product, watch, random.Random(figures.seed), service)
        figures.faults += sent
        figures.sales += 1
        figures.more[f"{service} gone bad"] = f"{sent} frames in {time.monotonic() - started:.0f} s"
        figures.rounds = max(1, figures.rounds)


class _Siege:
    def __init__(self, product: Product, options: Namespace, figures: Figures, box, lying):
        from ..shop import Shop
        from ..vipps_at_worst import STORIES
        from .doors import all_doors
        from .people import VICTIM
        from .watch import Watch
        self._product, self._options, self._figures, self._box, self._lying = product, options, figures, box, lying
        self._chance = random.Random(figures.seed)
        self._doors = all_doors()
        self._watch = Watch(product, figures, VICTIM)
        self._shop = Shop(product, figures.seed, at_once=4)
        self._troubled = Shop(product, figures.seed + 1, at_once=8, stories=STORIES)
        """Whose sales have a Vipps to bear with that answers nonsense."""
        self._counts: dict[str, int] = dict.fromkeys(PARTS, 0)
        self._seconds: dict[str, float] = {}

    def run(self) -> None:
        while self._figures.rounds < self._options.rounds and not self._figures.violations:
            for part in PARTS:
                if part in self._options.parts and part != "peers":
                    self._one(part)
            with self._figures.recovery():
                for shop in (self._shop, self._troubled):
                    shop.settle()
            for words in self._troubled.troubles + self._shop.violations():
                self._watch.violation(words)
            self._figures.rounds += 1
        self._watch.files()
        self._shop.fill(self._figures)
        self._figures.sales += len(self._troubled.sales)
        self._figures.faults = sum(self._counts.values())
        self._figures.more |= {"attacks": self._counts, "seconds": self._seconds,
                               "answers by status": dict(sorted(self._watch.answers.items()))}
        if "lies" in self._options.parts:
            self._figures.more["lies"] = dict(self._lying.told)
        self._shop.close()
        self._troubled.close()

    def _one(self, part: str) -> None:
        started = time.monotonic()
        try:
            self._counts[part] += getattr(self, f"_{part}")()
        finally:
            self._watch.house(part)
        self._seconds[part] = round(self._seconds.get(part, 0) + time.monotonic() - started, 1)

    # The parts

    def _webhooks(self) -> int:
        from .webhooks import attack
        return attack(self._product, self._box, self._watch, self._chance, self._options.fuzz // 20)

    def _roles(self) -> int:
        from .roles import attack
        return self._while_selling(lambda: attack(self._product, self._some_doors(), self._watch))

    def _tenants(self) -> int:
        from .tenants import attack
        self._shop.settle()  # The other tenant's rows are compared: nobody sells there now.
        return attack(self._product, self._some_doors(), self._watch, self._chance)

    def _some_doors(self) -> list:
        """The share that is asked for, at least a few."""
        count = max(5, round(len(self._doors) * self._options.share))
        return self._chance.sample(self._doors, min(len(self._doors), count))

    def _guessing(self) -> int:
        from .guessing import attack
        return self._while_selling(lambda: attack(self._product, self._watch, self._chance,
                                                  with_addresses=self._options.share >= 1))

    def _requests(self) -> int:
        from .fuzzing import attack, sent_back
        return self._while_selling(
            lambda: attack(self._product, self._doors, self._watch, self._chance, self._options.fuzz)
            + sent_back(self._product, self._watch, self._doors))

    def _bus(self) -> int:
        from .bus import knock
        return self._while_selling(lambda: knock(self._product, self._watch, self._chance))

    def _lies(self) -> int:
        """Sales go on while a third of all answers is nonsense; then it ends, and they come right."""
        before, end = self._lying.told.total(), time.monotonic() + self._options.lies
        self._lying.share = 0.3
        while time.monotonic() < end:
            while self._troubled.in_flight < 8:
                self._troubled.sell()
            time.sleep(0.1)
        self._lying.share = 0.0
        with self._figures.recovery():
            self._troubled.settle()
        if self._lying.keys_sent_elsewhere:
            self._watch.violation("the gateway followed a redirect with its keys")
        return self._lying.told.total() - before

    # Meanwhile

    def _while_selling(self, attack: Callable[[], int]) -> int:
        """Two sales are under way at any time, at tills of the tenant that is attacked."""
        over = threading.Event()

        def sell() -> None:
            while not over.wait(0.2):
                if self._shop.in_flight < 2:
                    self._shop.sell("paid")

        seller = threading.Thread(target=sell)
        seller.start()
        try:
            return attack()
        finally:
            over.set()
            seller.join()
