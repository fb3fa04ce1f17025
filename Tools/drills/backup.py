"""A backup is taken while the shop sells, the shop goes on, and then files are put back: all four in a new place, or one
service's alone. Whatever the files know must agree with Vipps to the øre; what cannot fit together must be refused aloud."""

import random
import sqlite3
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from launcher import demo
from launcher.backup import Operator, accept, take
from launcher.backup_files import Backup, Misfit, restore
from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Client

from .figures import Figures
from .shop import UNDER_WAY, Shop, attempt, rows
from .till import Person, Vipps

WHAT = "backups taken in the middle of business, put back together and one older than the others"

TOGETHER = "all four"
SHOWN_MAX = 100
TOLD_BY_EVERY_SALE = ("pos.payment-commands", "pos.views", "payments.payments")
RESTORED = "restored"
"""The story of a sale whose own was broken off by the restoration."""


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--rounds", type=int, default=10, help="backups taken and put back (10)")
    words.add_argument("--sales", type=int, default=24, help="sales before the copy, and as many after it (24)")
    words.add_argument("--at-once", type=int, default=12, help="sales under way at a time (12)")
    words.add_argument("--restore", nargs="+", metavar="WHAT", help="instead of all in turn: \"all four\", or services")


def run(options: Namespace, figures: Figures) -> None:
    with figures.workplace() as folder, Product(Path(folder)) as product:
        drill = Restorations(product, figures, options.sales, options.at_once)
        for number, what in zip(range(options.rounds), turns(drill.chance, options.restore or [TOGETHER, *product.services])):
            if figures.violations:
                break
            drill.round(number, what)
        figures.more.update({
            "put back": dict(drill.done), "rung up after the copy and gone with it": drill.sales_lost,
            "payments that only Vipps knows any more": len(drill.shop.forgotten),
            "payments shown to the operator as money without a sale": drill.without_sale,
            "streams refused and accepted": drill.accepted})
        drill.shop.close()


def turns(chance: random.Random, choices: list[str]) -> Iterator[str]:
    """Each as often as every other, in an order by chance."""
    while True:
        yield from chance.sample(choices, len(choices))


class Restorations:
    def __init__(self, product: Product, figures: Figures, sales: int, at_once: int):
        self.product, self.figures, self.sales, self.at_once = product, figures, sales, at_once
        self.chance = random.Random(figures.seed)
        self.shop = Shop(product, figures.seed, at_once)
        self.done: Counter[str] = Counter()
        self.sales_lost = self.without_sale = self.accepted = 0

    def round(self, number: int, what: str) -> None:
        only = None if what == TOGETHER else what
        backup = self._take_in_the_middle(f"round-{number}")
        self._go_on()
        self._stop()
        if not only:
            self._forget(backup)
        place = self.product.data if only else self.product.state / f"data-{number}"
        refusals = restore(backup, place, only)
        self.product.use_data(place)
        with self.figures.recovery():
            self._start()
            if only in (None, "pos-service"):
                self._part_with_the_lost(backup)
            if only and refusals:
                self._accept(backup, only, refusals)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda name: self.product.wait_ready(name, seconds=60), self.product.services))
            self._settle()
        self.figures.faults += 1
        self._sell(self.sales // 4)  # Business goes on with the files that were put back.
        self._settle()
        self.figures.rounds += 1
        self.done[what] += 1
        self.shop.fill(self.figures)

    # Business

    def _take_in_the_middle(self, name: str) -> Backup:
        self._sell(self.sales)
        for _ in range(self.at_once):
            self.shop.sell()
        known = {sale.id for sale, _ in list(self.shop.sales)}
        backup = take(self._operator(), name, self.product.backup_directory)
        missing = known - {sale for sale, in copied(backup, "pos-service", "SELECT id FROM sale")}
        if missing:
            self.figures.violation(f"the copy lacks {len(missing)} sales that had been told before it was begun")
        return backup

    def _go_on(self) -> None:
        """What the copies do not know: more sales, and refunds of old ones, at the till and in Vipps' portal."""
        self._sell(self.sales)
        done = [sale for sale, story in self.shop.sales if story in ("paid", RESTORED)]
        for sale in self.chance.sample(done, min(len(done), 6)):
            for payment in sale.look()["payments"]:
                left = payment["refundable"]["minorUnits"]
                if payment["kind"] != "vipps-epayment" or left < 600:
                    continue
                refund = {"minorUnits": self.chance.randint(200, left // 3), "currency": "NOK"}
                if self.chance.random() < 0.7:
                    sale.command("refund-payment", paymentID=payment["id"], amount=refund, reason="stale bun")
                if self.chance.random() < 0.5:
                    attempt(lambda: self.shop.vipps.post("/portal/refund", {
                        "msn": payment["msn"], "reference": payment["reference"], "amount": refund["minorUnits"]}))
        self._settle()

    def _sell(self, count: int) -> None:
        for _ in range(count):
            self.shop.sell()
        self.shop.settle()

    def _settle(self) -> None:
        """The books at rest."""
        self.shop.settle()
        found = self.shop.violations()
        for words in found + self._without_sale():
            self.figures.violation(words)

    def _without_sale(self) -> list[str]:
        """Money of payments that no sale has: each is shown to the operator, with what Vipps says, and nothing else is."""
        with_sale = {reference for reference, in rows(self.product, "pos-service", "SELECT reference FROM sale_payment")}
        money = {reference: sums for reference, sums in at_vipps(self.shop.vipps).items()
                 if reference not in with_sale | self.shop.forgotten and sums[0] > sums[1]}
        shown = {one["reference"]: (one["captured"]["minorUnits"], one["refunded"]["minorUnits"])
                 for one in Person(self.product).get("/pos/api/payments-without-sale")["payments"]}
        self.without_sale = len(shown)
        if len(money) > SHOWN_MAX and len(shown) == SHOWN_MAX and shown.items() <= money.items():
            return []
        return [f"{reference} (captured, refunded): Vipps {money.get(reference)}, shown {shown.get(reference)}"
                for reference in sorted(money.keys() | shown.keys()) if money.get(reference) != shown.get(reference)]

    # Down and up

    def _stop(self) -> None:
        """At once or in order, as disasters and operators do."""
        for service in self.chance.sample(self.product.services, 4):
            self.product.kill(service) if self.chance.random() < 0.5 else self.product.stop_service(service)

    def _start(self) -> None:
        for service in self.product.services:
            self.product.start_service(service)
        wait_until(lambda: all(answers(self.product, service) for service in self.product.services), 60, "the services")

    def _accept(self, backup: Backup, only: str, refusals: list[Misfit]) -> None:
        """As late as people are: by then the older one has news that nobody hears, and must not be lost."""
        self._refused_aloud(refusals)
        operator, held = self._operator(), backup.check()[only].heads
        for _ in range(self.at_once // 2):
            self.shop.sell()

        def has_news() -> bool:
            heads = {head["stream"]: head["last"] for head in operator.bus(only)["heads"]}
            return all(heads.get(misfit.stream, 0) > held.get(misfit.stream, (1, 0))[1]
                       for misfit in refusals if misfit.stream in TOLD_BY_EVERY_SALE)

        wait_until(has_news, 30, f"news of {only}")
        self.accepted += len(accept(operator, backup, only))

    def _refused_aloud(self, refusals: list[Misfit]) -> None:
        """Each subscriber says on /readyz which stream it refuses, of whom, why, and what to do."""
        for misfit in refusals:
            told = [""]

            def says() -> bool:
                told[0] = Client(self.product.url(misfit.subscriber)).get("/readyz").text
                return all(words in told[0] for words in (misfit.stream, misfit.publisher, "Tools/backup accept"))

            try:
                wait_until(says, 30, "a refusal")
            except TimeoutError:
                self.figures.violation(f"{misfit} is not refused in words; /readyz says {told[0][:300]}")

    def _operator(self) -> Operator:
        return Operator(self.product.base_url, demo.sign_in(demo.tenants()[0]["id"], "operator"))

    # What is lost by definition, and nothing but that

    def _forget(self, backup: Backup) -> None:
        """Payments that were asked for after the copy: neither the till's file nor the gateway's can know them."""
        kept = {reference for service, table in (("pos-service", "sale_payment"), ("vipps-gateway", "payment"))
                for reference, in copied(backup, service, f"SELECT reference FROM {table}")}
        self.shop.forgotten |= at_vipps(self.shop.vipps).keys() - kept

    def _part_with_the_lost(self, backup: Backup) -> None:
        """Sales rung up after the copy are gone. Those that were under way are as they were then: what the cashier did
        since is forgotten, and she begins by giving up what still waits for a customer."""
        states = dict(copied(backup, "pos-service", "SELECT id, state FROM sale"))
        before = self.shop.sales
        self.shop.sales = [(sale, story if states[sale.id] == "completed" else RESTORED)
                           for sale, story in before if sale.id in states]
        self.sales_lost += len(before) - len(self.shop.sales)
        for sale, story in self.shop.sales:
            if story != RESTORED:
                continue
            now = sale.insist_look()
            sale.products = sum(line["quantity"] for line in now["lines"])
            for payment in now["payments"]:
                if payment["state"] in UNDER_WAY:
                    attempt(lambda: sale.command("abort-payment", paymentID=payment["id"]))


def answers(product: Product, service: str) -> bool:
    try:
        return Client(product.url(service)).get("/healthz").status == 200
    except OSError:
        return False


def copied(backup: Backup, service: str, query: str) -> list[tuple]:
    """Reads a copy."""
    with closing(sqlite3.connect(f"file:{backup.file(service)}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def at_vipps(vipps: Vipps) -> dict[str, tuple[int, int]]:
    """Captured and refunded of every payment, by reference."""
    return {payment["reference"]: tuple(payment["aggregate"][f"{part}Amount"]["value"] for part in ("captured", "refunded"))
            for payment in vipps.get("/payments?limit=100000")}
