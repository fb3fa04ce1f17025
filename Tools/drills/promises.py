"""What the product has told anybody outside of one process, and whether it still holds when that process comes back."""

import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from launcher.product import Product
from launcher.web import Client

from .shop import rows
from .till import ENDED, Person, Till, Vipps

OPERATED = {"pos-service": "/pos", "vipps-gateway": "/vipps", "financial-service": "/financial",
            "notification-relay": "/notifications"}
"""Where each service's operator routes begin."""
_RANKS = {"awaiting-identification": 0, "requested": 1, "at-vipps": 2, "authorized": 3, "aborting": 3,
          **dict.fromkeys((*ENDED, "captured"), 4)}


# To the cashier: every answer of pos-service.


@dataclass(frozen=True)
class Told:
    """The part of a sale that only grows, in the sales of `shop.STORIES`."""

    total: int
    has_ended: bool
    payments: dict[str, tuple[int, int]]
    """By id: how far it has come, and what of it was given back."""

    @classmethod
    def of(cls, sale: dict) -> "Told":
        payments = {payment["id"]: (_RANKS[payment["state"]], payment.get("refunded", {}).get("minorUnits", 0))
                    for payment in sale["payments"]}
        return cls(sale["total"]["minorUnits"], sale["state"] != "open", payments)

    def and_also(self, other: "Told") -> "Told":
        payments = {id: tuple(map(max, self.payments.get(id, (0, 0)), other.payments.get(id, (0, 0))))
                    for id in self.payments.keys() | other.payments.keys()}
        return Told(max(self.total, other.total), self.has_ended or other.has_ended, payments)


class WitnessedTill(Till):
    """A till that remembers the furthest every sale was told to have come."""

    def __init__(self, product: Product, number: int = 0):
        self._told: dict[str, Told] = {}
        self._unchecked: set[str] = set()
        self._lock = threading.Lock()
        super().__init__(product, number)

    def get(self, path: str) -> dict:
        return self.remember(super().get(path))

    def insist(self, path: str, body: dict) -> dict:
        return self.remember(super().insist(path, body))

    def remember(self, answer: dict) -> dict:
        if {"id", "total", "payments", "state"} <= answer.keys():
            told = Told.of(answer)
            with self._lock:
                self._told[answer["id"]] = told.and_also(self._told.get(answer["id"], told))
                self._unchecked.add(answer["id"])
        return answer

    def broken(self) -> list[str]:
        """Looks again at every sale that something was told of since the last time. pos-service must be up."""
        with self._lock:
            told = {id: self._told[id] for id in self._unchecked}
            self._unchecked.clear()
        found = []
        for id, before in told.items():
            answer = self.pos.get(f"/pos/api/sales/{id}")
            if answer.status != 200:
                found.append(f"sale {id} was told of and is gone: {answer.status}")
                continue
            now = Told.of(answer.json())
            if now.and_also(before) != now:
                found.append(f"sale {id} was told to be {before} and is {now}")
        return found


# To the other services, and to Vipps: judged by the files of the dead.


@dataclass
class Promises:
    """What services that are about to die, or are dead, have told the living."""

    cursors: list[tuple[str, str, str, int]]
    """Subscriber, publisher, stream, number: it has told that it has applied so many."""
    numbers: list[tuple[str, str, int]]
    """Publisher, stream, number: somebody has applied it."""
    webhooks: list[dict]
    """Bodies that were answered with 200."""
    keys: set[str]
    """Idempotency keys of the calls that reached Vipps."""

    @classmethod
    def of(cls, product: Product, dead: Iterable[str], operator: "Operator") -> "Promises":
        """Asks those that are alive; where all are about to die, to be called before."""
        vipps, dead = Vipps(product), set(dead)
        alive = [name for name in product.services if product.processes[name].alive]
        cursors = [(heard["service"], publisher, stream, number) for publisher in alive
                   for heard in operator.bus(publisher)["subscribers"] if heard["service"] in dead
                   for stream, number in heard["acknowledged"].items()]
        numbers = [(publisher, stream, number) for subscriber in alive
                   for publisher, stream, number in rows(product, subscriber, _CURSORS) if publisher in dead]
        if "vipps-gateway" not in dead:
            return cls(cursors, numbers, [], set())
        deliveries = vipps.get("/deliveries?state=delivered&limit=100000")
        requests = vipps.get("/requests?method=POST&limit=100000")
        return cls(cursors, numbers,
                   [json.loads(one["body"]) for one in _listed(deliveries) if one["reference"]],
                   {one["idempotencyKey"] for one in _listed(requests) if one["idempotencyKey"] and one["reference"]})

    def broken(self, product: Product, dead: Iterable[str]) -> list[str]:
        """Reads the files of services that are dead; they are not touched."""
        found = []
        for service in dead:
            try:
                with Remains(product.database_path(service)) as file:
                    found += self._broken_by(service, file)
            except sqlite3.DatabaseError as error:
                found.append(f"the file of {service} cannot be read any more: {error}")
        return found

    def _broken_by(self, service: str, file: "Remains") -> list[str]:
        found = []
        kept = {(publisher, stream): number for publisher, stream, number in file.rows(_CURSORS)}
        for subscriber, publisher, stream, number in self.cursors:
            if subscriber == service and kept.get((publisher, stream), 0) < number:
                found.append(f"{service} told that it had applied {number} of {stream}, and has "
                             f"{kept.get((publisher, stream), 0)}")
        told = dict(file.rows("SELECT stream, last_sequence FROM bus_outbox_stream"))
        for publisher, stream, number in self.numbers:
            if publisher == service and told.get(stream, 0) < number:
                found.append(f"{service} published {number} of {stream}, and has {told.get(stream, 0)}")
        if service == "vipps-gateway":
            inbox = {_event(json.loads(body)) for body, in
                     file.rows("SELECT body FROM webhook_inbox WHERE body IS NOT NULL")}
            found += [f"a webhook was taken with 200 and is gone: {_event(body)}" for body in self.webhooks
                      if _event(body) not in inbox]
            keys = {key for key, in file.rows("SELECT idempotency_key FROM payment_operation")}
            found += [f"Vipps was called with {key}, and nothing is known of it" for key in self.keys - keys]
        return found


_CURSORS = "SELECT publisher, stream, sequence FROM bus_cursor"


def _listed(answer: list[dict] | dict) -> list[dict]:
    return answer if isinstance(answer, list) else next(value for value in answer.values() if isinstance(value, list))


def _event(body: dict) -> tuple:
    return body.get("reference"), body.get("name"), body.get("pspReference"), body.get("success", True)


class Remains:
    """The file of a dead service, read in a copy, as if it had been opened again."""

    def __init__(self, database: Path):
        self._database = database

    def __enter__(self) -> "Remains":
        self._folder = tempfile.TemporaryDirectory()
        copy = Path(self._folder.name) / self._database.name
        for ending in ("", "-wal", "-journal"):
            original = self._database.with_name(self._database.name + ending)
            if original.exists():
                shutil.copyfile(original, copy.with_name(copy.name + ending))
        self._copy = copy
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def rows(self, query: str) -> list[tuple]:
        """Nothing if there is no such table: the file is as new."""
        with closing(sqlite3.connect(self._copy)) as database:
            try:
                return database.execute(query).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise


class Operator(Person):
    """Somebody of the vendor's, who sees every service's bus."""

    def __init__(self, product: Product):
        super().__init__(product, "operator")

    def bus(self, service: str) -> dict:
        return self.ask(service, "/operator/bus")

    def ask(self, service: str, path: str) -> dict:
        answer = self._client(service).get(OPERATED[service] + path)
        if answer.status != 200:
            raise OSError(f"{service} answered {path} with {answer.status}: {answer.text[:300]}")
        return answer.json()

    def _client(self, service: str) -> Client:
        client = Client(self.product.url(service))
        client.session = self.pos.session
        return client
