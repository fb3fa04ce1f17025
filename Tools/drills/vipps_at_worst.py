"""Vipps at its worst: every fault the simulator knows, by chance, several at a time and changing all the while, with
sales under way and people at work in the portal. Then the faults end, and everything must come right."""

import random
import threading
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from launcher.product import Product
from launcher.waiting import wait_until

from .figures import Figures
from .shop import Shop, Stories, attempt, unnoted_calls
from .till import ENDED, KARI, SaleAtTill, Vipps, nok
from .weather import Weather

WHAT = "every fault of Vipps at random, several at a time, with sales under way and people at work in the portal"

AS_LONG_AS_IT_TAKES = 3_600.0
"""Seconds: a story waits for its end while the weather is bad. `Shop.settle` says when it must have come."""
ATTEMPTS_MAX = 6


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--seconds", type=float, default=60, help="of bad weather in a round (60)")
    words.add_argument("--rounds", type=int, default=3, help="bad weather, then the books are compared (3)")
    words.add_argument("--at-once", type=int, default=24, help="sales under way at a time (24)")
    words.add_argument("--faults-at-once", type=int, default=5, help="faults at a time (5)")
    words.add_argument("--silence", type=float, default=20, help="seconds for which a silent Vipps is silent (20)")


def run(options: Namespace, figures: Figures) -> None:
    with figures.workplace() as folder, Product(Path(folder)) as product:
        shop = Shop(product, figures.seed, options.at_once, STORIES)
        weather = Weather(shop.vipps, random.Random(figures.seed), options.silence, options.faults_at_once)
        while figures.rounds < options.rounds and not figures.violations:
            _bad_weather(shop, weather, options)
            with figures.recovery():
                shop.settle()
                found = shop.violations() + unnoted_calls(product, shop.vipps)
            for words in weather.troubles + found:
                figures.violation(words)
            figures.rounds, figures.faults = figures.rounds + 1, weather.struck.total()
            shop.fill(figures)
        figures.more["faults"] = dict(weather.struck)
        figures.more["ends of the sales"] = shop.ends()
        shop.close()


def _bad_weather(shop: Shop, weather: Weather, options: Namespace) -> None:
    over, failed = threading.Event(), []

    def blow() -> None:
        try:
            weather.blow(over)
        except Exception as error:  # Told when the round is judged.
            failed.append(f"the weather could not be made: {type(error).__name__}: {error}")

    thread = threading.Thread(target=blow)
    thread.start()
    end = time.monotonic() + options.seconds
    while time.monotonic() < end and not failed:
        while shop.in_flight < options.at_once:
            shop.sell()
        time.sleep(0.1)
    over.set()
    thread.join()
    shop.troubles += failed


# What sales come to when nothing can be relied on. Whatever happens, a sale is completed with its money or has none.


def answer(sale: SaleAtTill, vipps: Vipps, chance: random.Random, act: str) -> bool:
    """The customer approves or declines whatever has reached the phone; a code on the till's screen is scanned.

    Returns whether every payment has come to its end.
    """
    try:
        payments = sale.look()["payments"]
    except OSError:
        return False
    moving = [payment for payment in payments if payment["state"] not in (*ENDED, "captured")]
    for payment in moving:
        if chance.random() < 0.7:
            continue  # The customer takes a moment.
        if payment.get("qrContent"):
            attempt(lambda: vipps.post(f"/customers/{KARI}/scan", {"qrContent": payment["qrContent"]}))
        attempt(lambda: vipps.post(f"/customers/{KARI}/{act}", {"reference": payment["reference"]}))
    return not moving


def until_ended(sale: SaleAtTill, vipps: Vipps, chance: random.Random, act: str = "approve") -> dict:
    """The sale once all its payments have ended."""
    wait_until(lambda: answer(sale, vipps, chance, act), AS_LONG_AS_IT_TAKES, f"the payments of {sale.id} to end",
               every=0.2)
    return sale.insist_look()


def served(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> dict:
    """Asked for again, also the rest of it, until it is paid or the cashier has had enough."""
    now = sale.insist_look()
    for _ in range(ATTEMPTS_MAX):
        if now["state"] == "completed":
            break
        attempt(sale.pay)
        now = until_ended(sale, vipps, chance)
    return now


def declined(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> None:
    sale.pay()
    until_ended(sale, vipps, chance, "decline")


def aborted(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> None:
    """The cashier aborts at any moment, and the customer may approve in the same."""
    payment = sale.pay()
    if chance.random() < 0.5:
        attempt(lambda: vipps.wait_asked(payment["reference"], seconds=2))
    time.sleep(chance.random() * 0.3)  # When it falls is chance by intent.
    if chance.random() < 0.3:
        wish = {"reference": payment["reference"], "seconds": 1 + 3 * chance.random(),
                "then": chance.choice(("approve", "nothing"))}
        attempt(lambda: vipps.post(f"/customers/{KARI}/begin-approval", wish))
    attempt(lambda: sale.command("abort-payment", paymentID=payment["id"]))
    until_ended(sale, vipps, chance, chance.choice(("approve", "decline")))
    if chance.random() < 0.3:
        served(sale, vipps, chance)


def abandoned(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> None:
    payment = sale.pay()
    if chance.random() < 0.7:
        attempt(lambda: vipps.wait_asked(payment["reference"], seconds=2))
    attempt(lambda: sale.command("abandon"))
    until_ended(sale, vipps, chance)


def part_in_cash(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> None:
    total = sale.insist_look()["total"]["minorUnits"]
    sale.pay(amount=nok(chance.randint(300, total - 1)))
    if until_ended(sale, vipps, chance)["state"] == "open":
        attempt(lambda: sale.command("pay-cash", paymentOptionID=sale.till.cash, received=nok(total)))


def refunded(sale: SaleAtTill, vipps: Vipps, chance: random.Random) -> None:
    """Part of it goes back, if it was paid and nobody has given it back in the portal."""
    for payment in served(sale, vipps, chance)["payments"]:
        if payment["kind"] == "vipps-epayment" and payment["refundable"]["minorUnits"] >= 200:
            part = nok(chance.randint(200, payment["refundable"]["minorUnits"]))
            attempt(lambda: sale.command("refund-payment", paymentID=payment["id"], amount=part, reason="stale bun"))


STORIES: Stories = {
    "served": (8, served), "turned down": (2, declined), "stopped": (8, aborted), "given up": (4, abandoned),
    "partly in cash": (2, part_in_cash), "given back": (4, refunded),
}
