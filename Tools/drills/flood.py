"""One tenant's messages all poisoned, one tenant's keys dead, one tenant with a thousand payments waiting: the others
do not notice. Their way from webhook to completed sale is measured without and with the flood, in the same run. At the
end the poison is taken away, the keys are mended, the customers decide, and every tenant's books must agree."""

import os
import statistics
import threading
import time
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from launcher import demo
from launcher.product import Product
from launcher.screen import say
from launcher.waiting import wait_until

from .figures import Figures
from .poison import Poison
from .shop import PATIENCE, Shop, attempt, rows
from .till import SaleAtTill, Till, checked, tenant

WHAT = "one tenant poisoned, one with dead keys, one with 1,000 payments waiting; the others must not notice"

QUIET = (0, 1)
POISONED, DEAD_KEYS, CROWDED = 2, 3, 4
TIMES_SLOWER_MAX = 2.0


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--waiting", type=int, default=1000, help="payments of one tenant that wait (1000)")
    words.add_argument("--poisoned", type=int, default=200, help="payments of one tenant whose news is refused (200)")
    words.add_argument("--samples", type=int, default=200, help="sales measured without, and as many with it (200)")
    words.add_argument("--judge", action=BooleanOptionalAction, default=True,
                       help=f"whether more than {TIMES_SLOWER_MAX:g} times the quiet p99 is a violation (yes)")


def run(options: Namespace, figures: Figures) -> None:
    with demo.crowd(3), figures.workplace() as folder, Product(Path(folder)) as product:
        shop = Shop(product, figures.seed)
        quiet = [Counter(shop, number) for number in QUIET]
        serve(quiet, 4)  # Whatever is made at the first use is made.
        calm = serve(quiet, options.samples // 2)
        flood = Flood(shop, options.waiting, options.poisoned)
        with flood.rising():
            flooded = serve(quiet, options.samples)
        with figures.recovery():
            flood.ebb()
        calm += serve(quiet, options.samples - options.samples // 2)
        figures.rounds, figures.faults = 1, flood.acts
        for words in shop.violations():
            figures.violation(words)
        shop.fill(figures)
        for name, took in (("quiet", calm), ("flooded", flooded), ("the crowded tenant's own", flood.own.took)):
            figures.more[f"webhook to completed sale, {name}"] = (
                f"p50 {statistics.median(took):.0f} ms, p99 {p99(took):.0f} ms, most {max(took):.0f} ms,"
                f" of {len(took)}")
        ratio = p99(flooded) / p99(calm)
        figures.more |= {"ratio of the p99": round(ratio, 2), **flood.told}
        if options.judge and ratio > TIMES_SLOWER_MAX:
            figures.violation(f"with the flood the p99 of the others is {ratio:.1f} times as long")
        shop.close()


def p99(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]


# What is measured.


class Counter:
    """A counter of a tenant that has nothing to do with the flood: one customer after the other, one a second."""

    def __init__(self, shop: Shop, number: int):
        self.shop, self.till = shop, Till(shop.product, tenant_index=number)
        self.msn, self.product = msn_of(number), tenant(number)["products"][0]["number"]

    def serve(self, times: int) -> list[float]:
        clock = Clock(self.shop, self.msn)
        begun = time.monotonic()
        for number in range(times):
            time.sleep(max(0.0, begun + number - time.monotonic()))  # The next customer comes when he comes.
            sale = self.till.sale(self.product)
            payment = sale.pay()
            self.shop.vipps.approve(payment["reference"], msn=self.msn)
            clock.completed(sale, payment)
        took = clock.took
        say(f"  {self.msn}: {clock.stages()}")
        return took


class Clock:
    """Measures from the moment the webhook of an approval is sent to the completion of its sale, as both say."""

    def __init__(self, shop: Shop, msn: str):
        self._shop, self._msn = shop, msn
        self._completed: dict[str, datetime] = {}

    def completed(self, sale: SaleAtTill, payment: dict) -> None:
        """Waits for the sale."""
        self._shop.sales.append((sale, "paid"))
        ended = sale.wait_state("completed", seconds=PATIENCE)["endedAt"]
        self._completed[payment["reference"]] = instant(ended)

    @property
    def took(self) -> list[float]:
        """Milliseconds. Asked for when all is over: the simulator has to look for it."""
        sent = wait_until(self._sent, PATIENCE, "the webhooks to be answered", every=0.5)
        return [(ended - sent[reference]).total_seconds() * 1000 for reference, ended in self._completed.items()]

    def _sent(self) -> dict[str, datetime] | None:
        """Nothing while one is still on its way: its sale was completed by looking."""
        deliveries = self._shop.vipps.get(
            f"/deliveries?msn={self._msn}&event=epayments.payment.authorized.v1&limit=100000")
        first = {delivery["reference"]: delivery["attempts"][0]["time"] for delivery in deliveries
                 if delivery["attempts"]}
        if any(reference not in first for reference in self._completed):
            return None
        return {reference: instant(first[reference]) for reference in self._completed}


    def stages(self) -> dict[str, float]:
        """The median way in milliseconds: until Vipps is asked, is asked to capture, and the sale is complete."""
        sent, ways = self._sent(), []
        for reference, ended in self._completed.items():
            calls = self._shop.vipps.get(f"/requests?msn={self._msn}&reference={reference}")
            asked = {operation: [instant(call["time"]) for call in calls if call["operation"] == operation]
                     for operation in ("get", "capture")}
            looked = [time for time in asked["get"] if sent[reference] <= time <= asked["capture"][0]]
            moments = [sent[reference], looked[0] if looked else sent[reference], asked["capture"][0], ended]
            ways.append([(b - a).total_seconds() * 1000 for a, b in zip(moments, moments[1:])])
        names = ("look", "capture", "complete")
        return {name: round(statistics.median(way), 1) for name, way in zip(names, zip(*ways))}


def serve(counters: list[Counter], samples: int) -> list[float]:
    """All of them at once, each its part."""
    with ThreadPoolExecutor(len(counters)) as pool:
        parts = pool.map(lambda counter: counter.serve(max(1, samples // len(counters))), counters)
        return [took for part in parts for took in part]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def msn_of(number: int) -> str:
    return demo.setups()[number]["salesUnits"][0]["msn"]


# What it is measured against.


class Flood:
    """Three tenants. Their payments are asked for in peace; the trouble is there while `rising`, over after `ebb`."""

    def __init__(self, shop: Shop, waiting: int, poisoned: int):
        self.shop, self.product, self.vipps = shop, shop.product, shop.vipps
        self.acts, self.told = 0, {}
        self.own = Clock(shop, msn_of(CROWDED))
        self._poison = Poison(self.product, tenant(POISONED)["id"])
        self._keys = next(keys for keys in demo.simulator_seed()["keySets"] if msn_of(DEAD_KEYS) in keys["msns"])
        self._tills = {number: [Till(self.product, till, tenant_index=number) for till in (0, 1)]
                       for number in (POISONED, DEAD_KEYS, CROWDED)}
        self._unheard: list[tuple[SaleAtTill, dict]] = []
        checked(self.vipps.http.request("PATCH", "/control/settings", {"unlistedCustomers": "manual"}))
        started = time.monotonic()
        self._asked = {POISONED: self._ask(POISONED, poisoned), DEAD_KEYS: self._ask(DEAD_KEYS, 20),
                       CROWDED: self._ask(CROWDED, waiting)}
        say(f"  {waiting} payments wait; asked for in {time.monotonic() - started:.0f} s")

    def _ask(self, number: int, payments: int) -> list[tuple[SaleAtTill, dict]]:
        """So many sales whose customers have been asked and have not decided."""
        with ThreadPoolExecutor(6) as pool:
            asked = list(pool.map(lambda _: self._another(number), range(payments)))
        for _, payment in asked:
            self.vipps.wait_asked(payment["reference"], msn_of(number), seconds=PATIENCE)
        return asked

    def _another(self, number: int) -> tuple[SaleAtTill, dict]:
        sale = self._tills[number][self.acts % 2].sale()
        return sale, sale.pay(customer_of(number))

    # While it lasts

    @contextmanager
    def rising(self) -> Iterator[None]:
        self._poison.put()
        self._change_keys(["0" * 32])
        over, calls, busy = threading.Event(), self._calls(), self._processor_seconds()
        with ThreadPoolExecutor(4) as pool:
            acting = [pool.submit(self._until, over, act, every) for act, every in (
                (self._poisoned_news, 2.0), (self._poisoned_command, 2.0), (self._without_keys, 2.0),
                (self._own_customer, 2.0))]
            started = time.monotonic()
            try:
                yield
            finally:
                seconds = time.monotonic() - started
                over.set()
                self.told["calls to Vipps a second"] = round((self._calls() - calls) / seconds, 1)
                self.told["processors busy with the flood and the others"] = {
                    name: round((now - busy[name]) / seconds, 2) for name, now in self._processor_seconds().items()}
                for act in acting:
                    act.result()
        self.told["messages refused or waiting behind such"] = self._poison.refused()

    def _until(self, over: threading.Event, act: Callable[[], None], every: float) -> None:
        while not over.wait(every):
            act()
            self.acts += 1

    def _poisoned_news(self) -> None:
        """A customer of the poisoned tenant approves: nobody can take in what is told of it."""
        if self._asked[POISONED]:
            sale, payment = self._asked[POISONED].pop()
            self._approve(POISONED, payment)
            self.shop.sales.append((sale, "paid"))

    def _poisoned_command(self) -> None:
        """A till of the poisoned tenant asks for a payment: the gateway cannot take it in."""
        self._unheard.append(self._another(POISONED))

    def _without_keys(self) -> None:
        sale, _ = self._another(DEAD_KEYS)
        self.shop.sales.append((sale, "without keys"))

    def _own_customer(self) -> None:
        """One customer of the crowd decides, and is served at once."""
        sale, payment = self._asked[CROWDED].pop()
        self._approve(CROWDED, payment)
        self.own.completed(sale, payment)

    # When it is over

    def ebb(self) -> None:
        """The poison is taken away and what was refused is tried again by an operator, the keys are right again, every
        customer decides; returns when all is at rest."""
        self._poison.take_away()
        self._change_keys(self._keys["subscriptionKeys"])
        wait_until(self._poison.tried_again, PATIENCE, "everything that was refused to be taken in", every=0.5)
        for number, asked in ((POISONED, self._unheard + self._asked[POISONED]), (DEAD_KEYS, self._asked[DEAD_KEYS]),
                              (CROWDED, self._asked[CROWDED][:30])):
            for sale, payment in asked:
                self._approve(number, payment)
                self.shop.sales.append((sale, "paid"))
        for number, (sale, payment) in enumerate(self._asked[CROWDED][30:]):
            attempt(lambda: self.vipps.post(f"/customers/{customer_of(CROWDED)}/decline",
                                            {"reference": payment["reference"]}))
            if number < 30:
                self.shop.sales.append((sale, "declined"))
        try:
            wait_until(self._is_at_rest, PATIENCE, "every payment to end", every=0.5)
        except TimeoutError as error:
            raise AssertionError(f"{error}; still open: {self._open()}") from None

    def _is_at_rest(self) -> bool:
        # What was asked for while the keys were dead may reach its customer only now.
        attempt(lambda: self.vipps.post(f"/customers/{customer_of(DEAD_KEYS)}/approve"))
        return not self._open()

    def _open(self) -> list[tuple]:
        return rows(self.product, "vipps-gateway", "SELECT msn, phase, count(*), min(due_at), min(routine_at)"
                    " FROM payment WHERE phase IN ('requested', 'created', 'authorized') GROUP BY 1, 2")

    # Means

    def _approve(self, number: int, payment: dict) -> None:
        self.vipps.approve(payment["reference"], customer_of(number), msn_of(number))

    def _change_keys(self, keys: list[str]) -> None:
        checked(self.vipps.http.request("PATCH", f"/control/key-sets/{self._keys['id']}", {"subscriptionKeys": keys}))

    def _processor_seconds(self) -> dict[str, float]:
        """Used so far by each process."""
        used = {}
        for name, process in self.product.processes.items():
            words = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            used[name] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return used | {"drill": time.process_time()}

    def _calls(self) -> int:
        """So many calls Vipps has been asked, by anybody."""
        return self.vipps.get("/requests?limit=1")[-1]["id"]


def customer_of(number: int) -> str:
    """Another one for each tenant: the simulator finds an open payment by its customer."""
    return f"479900000{number}"
