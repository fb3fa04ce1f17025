"""SIGKILL of a random service at a random or named moment while sales are under way; then everything must come right."""

import random
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from launcher.product import Product

from .figures import Figures
from .shop import Shop, unnoted_calls

WHAT = "services killed with -9 at random and named moments, with sales in flight"

MOMENTS = {
    "pos-service": ["pos.start-payment.before-commit", "pos.start-payment.after-commit",
                    "pos.payment-captured.before-commit", "pos.payment-captured.after-commit",
                    "pos.complete.before-commit", "pos.complete.after-commit",
                    "bus.publish.before.pos.payment-commands", "bus.publish.after.pos.sales",
                    "bus.apply.before-commit.payments.payments", "bus.apply.after-commit.payments.payments"],
    "vipps-gateway": [f"gateway.{operation}.{moment}" for operation in ("create", "capture", "cancel", "refund")
                      for moment in ("before-call", "after-call", "before-commit", "after-commit")]
                     + ["bus.apply.before-commit.pos.payment-commands", "bus.apply.after-commit.pos.payment-commands",
                        "bus.publish.before.payments.payments", "bus.publish.after.payments.payments"],
    "financial-service": ["finance.ledger.before-commit", "finance.ledger.after-commit",
                          "finance.event-log.before-commit", "bus.publish.before.finance.ledger",
                          "bus.apply.before-commit.payments.payments", "bus.apply.after-commit.payments.payments"],
    "notification-relay": ["relay.mail.before-enqueue-commit", "relay.mail.before-send", "relay.mail.before-hand-over",
                           "relay.mail.handing-over", "relay.mail.after-send", "relay.mail.after-conclude",
                           "bus.apply.before-commit.pos.views", "bus.apply.after-commit.pos.sales"],
}
KILLS_A_ROUND = 50
"""After so many the faults end, everything comes to rest and the books are compared."""


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--kills", type=int, default=40, help="how often a service is killed, in all (40)")
    words.add_argument("--at-once", type=int, default=16, help="sales under way at a time (16)")
    words.add_argument("--service", action="append", choices=MOMENTS, help="kill this one alone (may be repeated)")


def run(options: Namespace, figures: Figures) -> None:
    with figures.workplace() as folder, Product(Path(folder)) as product:
        shop = Shop(product, figures.seed, options.at_once)
        chance = random.Random(figures.seed)
        kills = 0
        while kills < options.kills and not figures.violations:
            wanted = min(KILLS_A_ROUND, options.kills - kills)
            kills += _storm(shop, chance, wanted, options)
            with figures.recovery():
                shop.settle()
                found = shop.violations(again=kills >= options.kills) + unnoted_calls(product, shop.vipps)
            for words in found:
                figures.violation(words)
            figures.rounds, figures.faults = figures.rounds + 1, kills
            shop.fill(figures)
            figures.tell()
        shop.close()


def _storm(shop: Shop, chance: random.Random, wanted: int, options: Namespace) -> int:
    """Kills services `wanted` times, now and then several at once, and brings each back; sales go on all the time."""
    product, kills = shop.product, 0
    targets = options.service or product.services
    while kills < wanted:
        while shop.in_flight < options.at_once:
            shop.sell()
        victims = chance.sample(targets, min(len(targets), chance.choices((1, 2, 4), (8, 2, 1))[0]))
        named = {name: {"CRASH_AT": f"{chance.choice(MOMENTS[name])}:{chance.randint(1, 3)}"}
                 for name in victims if chance.random() < 0.6}
        for name in victims:
            product.kill(name)
            product.start_service(name, named.get(name))
            kills += 1
        pause = chance.random() * 0.6  # When the next one falls is chance by intent.
        _wait(lambda: named and all(product.processes[name].return_code == -9 for name in named), 1.5 if named else pause)
        for name in named:  # Its moment came, or it is killed without.
            if product.processes[name].return_code != -9:
                product.kill(name)
            kills += 1
            product.start_service(name)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: product.wait_ready(name, seconds=60), victims))
    return kills


def _wait(is_over: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_over() and time.monotonic() < deadline:
        time.sleep(0.01)
