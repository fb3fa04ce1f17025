"""Messages that their handlers refuse, as a mistake of ours in one tenant's data would make them."""

import sqlite3
from contextlib import closing

from launcher.product import Product
from launcher.web import Client

from .shop import rows
from .till import Person, checked

TRIGGERS = {
    # In pos-service: news of payments of the sales there are by then. What the tills do goes on.
    "pos-service": [("BEFORE UPDATE ON sale", "AND NEW.started_at <= {now}")],
    # In the gateway: a till asks for a payment.
    "vipps-gateway": [("BEFORE INSERT ON payment", "")],
    "financial-service": [("BEFORE INSERT ON payment_event", ""), ("BEFORE INSERT ON ledger_entry", "")],
    "notification-relay": [("BEFORE INSERT ON feed_event", "")],
}
OPERATED = {"pos-service": "/pos", "vipps-gateway": "/vipps", "financial-service": "/financial",
            "notification-relay": "/notifications"}
"""Where each service's operator routes begin."""


class Poison:
    """For every message of one tenant, in every service: its rows refuse to be written."""

    def __init__(self, product: Product, tenant_id: str):
        self._product, self._tenant = product, tenant_id
        operator = Person(product, "operator")
        self._clients = {service: Client(product.url(service)) for service in OPERATED}
        for client in self._clients.values():
            client.session = operator.pos.session

    def put(self) -> None:
        now = rows(self._product, "pos-service", "SELECT max(started_at) FROM sale")[0][0]
        for service, triggers in TRIGGERS.items():
            for number, (moment, condition) in enumerate(triggers):
                self._execute(service, f"""
                    CREATE TRIGGER poison_{number} {moment} WHEN NEW.tenant_id = '{self._tenant}'
                        {condition.format(now=now)}
                    BEGIN SELECT RAISE(ABORT, 'poison'); END""")

    def take_away(self) -> None:
        for service, triggers in TRIGGERS.items():
            for number, _ in enumerate(triggers):
                self._execute(service, f"DROP TRIGGER poison_{number}")

    def _execute(self, service: str, statement: str) -> None:
        path = self._product.database_path(service)
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            database.execute(statement)

    def refused(self) -> int:
        """Messages that lie in the dead letters, or are set aside to be tried again."""
        return sum(count for service in OPERATED for (count,) in rows(
            self._product, service,
            "SELECT (SELECT count(*) FROM bus_dead_letter) + (SELECT count(*) FROM bus_set_aside)"))

    def tried_again(self) -> bool:
        """An operator has every dead letter tried again. Returns whether nothing is left."""
        for service, base in OPERATED.items():
            path, client = f"{base}/operator/bus/dead-letters", self._clients[service]
            for letter in checked(client.get(path)).json()["deadLetters"]:
                checked(client.post(f"{path}/{letter['id']}/retry"))
        return self.refused() == 0
