"""A service that is killed with -9 at a named moment and started again."""

import sqlite3
import threading
from contextlib import closing, contextmanager

from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Client

from drills.till import PATIENCE, checked

HEARS = {
    "pos-service": {
        "vipps-gateway": ["payments.payments", "payments.setup", "payments.check-ins"],
        "financial-service": ["finance.payment-options"],
        "notification-relay": ["notifications.mail"],
    },
    "vipps-gateway": {"pos-service": ["pos.payment-commands", "pos.setup", "pos.sessions"]},
    "financial-service": {"vipps-gateway": ["payments.payments"], "pos-service": ["pos.sales", "pos.sessions"]},
    "notification-relay": {"pos-service": ["pos.views", "pos.sales", "pos.sessions"],
                           "financial-service": ["finance.views"]},
}


def settle(product: Product) -> None:
    """Waits until nothing is under way any more: no webhook, no call that is due, no message that somebody lacks. What
    comes now is about what is begun from here on."""
    last: list[str] = []

    def nothing() -> bool:
        last[:] = under_way(product)
        dead = [service for service in HEARS if not product.processes[service].alive]
        assert not dead, f"{dead} ended while nothing was begun"
        return not last

    try:
        wait_until(nothing, PATIENCE, "everything to settle")
    except TimeoutError:
        raise AssertionError("still under way: " + "; ".join(last)) from None


def under_way(product: Product) -> list[str]:
    """By the simulator, and read only by the four files."""
    webhooks = checked(Client(product.simulator_url).get("/control/deliveries?state=queued")).json()
    found = [f"a webhook is told again at {webhook['nextAt']}" for webhook in webhooks]
    found += [f"{count} calls are due at the gateway"
              for count, in rows(product, "vipps-gateway", "SELECT count(*) FROM payment WHERE due_at IS NOT NULL") if count]
    published = {service: dict(rows(product, service, "SELECT stream, last_sequence FROM bus_outbox_stream"))
                 for service in HEARS}
    for service, publishers in HEARS.items():
        cursors = {(publisher, stream): sequence for publisher, stream, sequence
                   in rows(product, service, "SELECT publisher, stream, sequence FROM bus_cursor")}
        for publisher, streams in publishers.items():
            for stream in streams:
                lag = published[publisher].get(stream, 0) - cursors.get((publisher, stream), 0)
                if lag > 0:
                    found.append(f"{service} lacks {lag} of {stream}")
    return found


def rows(product: Product, service: str, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{product.database_path(service)}?mode=ro", uri=True, timeout=5)) as database:
        return database.execute(sql).fetchall()


@contextmanager
def killed_at(product: Product, service: str, moment: str):
    """Runs the body with a service that ends itself with SIGKILL at `moment`, and comes back without that. Fails if the
    moment was never reached, and if it was reached before the body began."""
    settle(product)
    product.restart(service, {"CRASH_AT": moment})
    settle(product)
    trouble: list[BaseException] = []

    def revive() -> None:
        try:
            code = product.wait_dead(service, seconds=2 * PATIENCE)
            assert code == -9, f"{service} ended with {code}, not by the kill at {moment}"
            product.start_service(service)
            product.wait_ready(service, seconds=PATIENCE)
        except BaseException as error:  # Told to the test below.
            trouble.append(error)

    reviver = threading.Thread(target=revive)
    reviver.start()
    try:
        yield
    finally:
        reviver.join()
        if trouble:
            raise AssertionError(f"{service} at {moment}: {trouble[0]}") from trouble[0]
