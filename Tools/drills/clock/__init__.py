"""The wall clock jumps by hours, forward and back, in one service or in all, while payments are under way and webhooks
come late or never. Nothing ends early, no webhook is refused, no number comes twice, and the books agree."""

import mmap
import random
import re
import struct
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from launcher.keys import SERVICES
from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Client

from ..figures import Figures
from ..preload import library
from ..shop import Shop, rows
from ..till import Person

WHAT = "the wall clock jumps by hours in both directions, in one service or in all, with payments under way"

SOURCE = Path(__file__).with_name("clock.c")
FURTHEST = 5 * 3600
"""Seconds a clock is off at most: two of them differ by less than a session lasts."""
SESSION = 12 * 3600


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--rounds", type=int, default=4, help="jumps, then all must settle and the books agree (4)")
    words.add_argument("--jumps", type=int, default=20, help="of a clock in a round (20)")
    words.add_argument("--at-once", type=int, default=12, help="sales under way at a time (12)")
    words.add_argument("--forward", action="store_true", help="while sales are under way no clock is set back")


def run(options: Namespace, figures: Figures) -> None:
    chance = random.Random(figures.seed)
    with figures.workplace() as folder:
        clocks = Clocks(Path(folder) / "clocks")
        with Product(Path(folder) / "product", environment=clocks.environment) as product:
            _check_it_works(product, clocks)
            shop = Shop(product, figures.seed, options.at_once)
            while figures.rounds < options.rounds and not figures.violations:
                figures.faults += _jumping(shop, clocks, chance, options)
                with figures.recovery():
                    shop.settle()
                    found = shop.violations()
                for words in found + _ended_early(product) + _doubled_numbers(product) + _refused_webhooks(product) \
                        + _own_failures(product) + _unsent_mails(product):
                    figures.violation(words)
                figures.rounds += 1
                shop.fill(figures)
            for words in _sessions(product, clocks):
                figures.violation(words)
            shop.close()


class Clocks:
    """The wall clocks of a product's services by name; `folder` holds how far each is off."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True)
        self.environment = {"LD_PRELOAD": str(library(SOURCE)), "CLOCK_FOLDER": str(folder)}
        """What the services are started with."""
        self._pages = {}
        self._off = dict.fromkeys(SERVICES, 0.0)
        for name in SERVICES:
            path = folder / name
            path.write_bytes(bytes(mmap.PAGESIZE))
            with open(path, "r+b") as file:
                self._pages[name] = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def set(self, seconds: float, *names: str, forward: bool = False) -> None:
        """So far from the right time, in these services or in all; with `forward` no clock is set back for it."""
        for name in names or SERVICES:
            if forward and seconds < self._off[name]:
                continue
            self._off[name] = seconds
            struct.pack_into("=q", self._pages[name], 0, round(seconds * 1000))


def _check_it_works(product: Product, clocks: Clocks) -> None:
    """A drill with a clock that cannot be set would show nothing."""
    for name in SERVICES:
        for hours in (-3, 0):
            clocks.set(hours * 3600, name)
            Client(product.url(name)).get("/nowhere")
            written = re.findall(r"^(\d{4}-\d\d-\d\dT\d\d)", product.log(name), re.M)[-1]
            expected = {time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + hours * 3600 + slack))
                        for slack in (-5, 5)}
            assert written in expected, f"the clock of {name} was set by {hours} hours, and it wrote {written}"


def _jumping(shop: Shop, clocks: Clocks, chance: random.Random, options: Namespace) -> int:
    """Jumps of all clocks, of one or of two, at moments by chance; in half of the rounds no webhook comes at all."""
    if chance.random() < 0.5:
        shop.vipps.fault("webhook-lose", count=None)
    for _ in range(options.jumps):
        while shop.in_flight < options.at_once:
            shop.sell()
        time.sleep(chance.random() * 1.2)  # When it falls is chance by intent.
        seconds = chance.choice([0, chance.uniform(-FURTHEST, FURTHEST), chance.uniform(-120, 120)])
        names = chance.choice([SERVICES, [chance.choice(SERVICES)], chance.sample(SERVICES, 2)])
        clocks.set(seconds, *names, forward=options.forward)
    shop.vipps.clear_faults()
    return options.jumps


def _ended_early(product: Product) -> list[str]:
    """Nobody here lets a payment expire: whatever has, was ended by a clock of ours."""
    ended = rows(product, "vipps-gateway", "SELECT reference FROM payment WHERE phase = 'expired'")
    return [f"{reference} has expired, though nobody waited ten minutes" for (reference,) in ended]


def _doubled_numbers(product: Product) -> list[str]:
    """Sale identifiers count from 1000001 in each shop, without a gap."""
    found, by_unit = [], {}
    for unit, identifier in rows(product, "pos-service", "SELECT organizational_unit_id, identifier FROM sale"):
        by_unit.setdefault(unit, []).append(int(identifier.rsplit("-", 1)[1]))
    for numbers in by_unit.values():
        if sorted(numbers) != list(range(1_000_001, 1_000_001 + len(numbers))):
            found.append(f"sale identifiers are doubled or have a gap: {len(numbers)} up to {max(numbers)}")
    return found


def _refused_webhooks(product: Product) -> list[str]:
    told = Client(product.url("vipps-gateway")).get("/metrics").text
    refused = re.findall(r'^vipps_webhooks_total\{outcome="(refused-[a-z-]+)"\} ([\d.]+)$', told, re.M)
    return [f"{count} true webhooks were {outcome}" for outcome, count in refused if float(count)]


def _own_failures(product: Product) -> list[str]:
    return [f"{name} failed: {line[:300]}" for name in product.services
            for line in product.log(name).splitlines() if " status=5" in line or "request failed" in line]


def _unsent_mails(product: Product) -> list[str]:
    """Invoice mails go out however the clock stands."""
    def waiting() -> list[tuple]:
        return rows(product, "notification-relay",
                    "SELECT sale_identifier, state FROM invoice_mail WHERE state <> 'mailed'")

    try:
        wait_until(lambda: not waiting(), 60, "all invoice mails to be sent", every=0.5)
    except TimeoutError:
        return [f"{len(waiting())} invoice mails wait for a clock: {waiting()[:3]}"]
    return []


def _sessions(product: Product, clocks: Clocks) -> list[str]:
    """A session ends when its time is over by the clock of the service that is asked, says so, and is good again when
    the clock is put right; whoever signs in by a wrong clock can work by it."""
    clocks.set(0)
    person, found = Person(product), []

    def expect(what: str, someone: Person, status: int) -> None:
        for service, client, path in (("pos-service", someone.pos, "/pos/api/sales"),
                                      ("financial-service", someone.finance, "/financial/api/ledger")):
            answer = client.get(path)
            if answer.status != status:
                found.append(f"{what}: {service} answered {answer.status} instead of {status}")
            elif status == 401 and answer.json()["type"] != "session-expired":
                found.append(f"{what}: {service} did not say that the session has ended")

    expect("a session", person, 200)
    clocks.set(SESSION + 3600)
    expect("a session after its time", person, 401)
    expect("a session begun by a clock that is thirteen hours ahead", Person(product), 200)
    clocks.set(0)
    expect("a session when the clock is right again", person, 200)
    clocks.set(-FURTHEST)
    expect("a session by a clock that is behind", person, 200)
    clocks.set(0)
    return found
