"""All that exists: sales units, customers, payments, codes. Remembers every change and tells who watches."""

import asyncio
import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from . import ids
from .clock import Clock, iso_milliseconds, iso_offset, iso_ticks
from .faults import Faults
from .model import DAY, CheckIn, Customer, KeptOutcome, KeySet, MerchantQr, Payment, Registration, SalesUnit
from .ratelimits import RateLimits
from .seed import Seed
from .store import Store

KINDS: dict[type, str] = {
    SalesUnit: "unit", KeySet: "keys", Customer: "customer", Payment: "payment", Registration: "registration",
    MerchantQr: "qr", CheckIn: "check-in", KeptOutcome: "outcome",
}


def identifier(thing: Any) -> str:
    for name in ("key", "id", "token", "msn", "phone"):
        value = getattr(thing, name, None)
        if isinstance(value, str) and not (name == "token" and isinstance(thing, Payment)):
            return value
    raise TypeError(f"{type(thing).__name__} has no identifier")


@dataclass
class Settings:
    """Choices the documentation leaves open, and knobs for tests."""

    rateLimits: bool = True
    webhookBackoffScale: float = 1.0
    webhookTimeoutSeconds: float = 10.0
    tokenLifeSeconds: float = 3600.0
    latencyMs: float = 0.0
    unlistedCustomers: str = "unknown"
    forceApproveNeedsHandApproval: bool = True
    failedApprovalLeavesEvent: bool = False


class Publisher(Protocol):
    """Sends webhook deliveries."""

    def publish(self, event: str, msn: str, order: str, reference: str | None, body: str) -> int: ...


class World:
    def __init__(self, seed: Seed, store: Store, clock: Clock):
        self.seed, self.store, self.clock = seed, store, clock
        self.publisher: Publisher | None = None
        self.watchers: set[asyncio.Event] = set()
        self._flush_planned = False
        self._begin()
        self._load()

    def _begin(self) -> None:
        self.settings, self.faults, self.rate_limits = Settings(), Faults(), RateLimits()
        self.units = {unit.msn: replace(unit) for unit in self.seed.units}
        self.key_sets = {keys.id: replace(keys) for keys in self.seed.key_sets}
        self.customers = {person.phone: replace(person) for person in self.seed.customers}
        self.payments: dict[str, Payment] = {}
        self.registrations: dict[str, Registration] = {}
        self.qrs: dict[str, MerchantQr] = {}
        self.check_ins: dict[str, CheckIn] = {}
        self.outcomes: dict[str, KeptOutcome] = {}
        self.by_phone: dict[str, list[Payment]] = {}
        self.by_token: dict[str, Payment] = {}
        self.secret = secrets.token_hex(32)
        self.tokens = ids.AccessTokens(self.secret)
        self.next_psp = 1_304_787_731

    def reset(self) -> None:
        self.clock.forget_timers()
        self.clock.back_to_real()
        self.store.clear()
        self._begin()
        self.remember()

    # Keeping

    def _load(self) -> None:
        collections: dict[type, dict[str, Any]] = {
            SalesUnit: self.units, KeySet: self.key_sets, Customer: self.customers, Payment: self.payments,
            Registration: self.registrations, MerchantQr: self.qrs, CheckIn: self.check_ins,
            KeptOutcome: self.outcomes,
        }
        for kind, collection in collections.items():
            for row in self.store.all(KINDS[kind]):
                thing = kind(**row)
                collection[identifier(thing)] = thing
        for row in self.store.all("world"):
            self.secret, self.next_psp = row["secret"], row["nextPsp"]
            self.tokens = ids.AccessTokens(self.secret)
            self.tokens.generation = row["generation"]
            self.settings = Settings(**row["settings"])
            self.clock.restore(row["clockOffset"])
        for payment in sorted(self.payments.values(), key=lambda payment: payment.created_at):
            self._index(payment)
        self.remember()

    def remember(self) -> None:
        """The world's own numbers."""
        self.store.put("world", "world", {
            "secret": self.secret, "nextPsp": self.next_psp, "generation": self.tokens.generation,
            "clockOffset": self.clock.offset, "settings": asdict(self.settings),
        })
        self._changed()

    def save(self, thing: Any) -> None:
        if self.store.durable:
            self.store.put(KINDS[type(thing)], identifier(thing), asdict(thing))
        self._changed()

    def delete(self, thing: Any) -> None:
        self.store.put(KINDS[type(thing)], identifier(thing), None)
        self._changed()

    def _changed(self) -> None:
        for watcher in self.watchers:
            watcher.set()
        if self.store.durable and not self._flush_planned:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
                self._flush_planned = True
            except RuntimeError:
                self.store.flush()

    def flush(self) -> None:
        self._flush_planned = False
        self.store.flush()

    # Finding

    def customer(self, phone: str) -> Customer | None:
        """The user with that number, if there is one."""
        person = self.customers.get(phone)
        if person is None and self.settings.unlistedCustomers == "manual":
            person = Customer(phone, f"Customer {phone[-3:]}", personalToken=secrets.token_hex(16))
            self.customers[phone] = person
            self.save(person)
        return None if person is None or person.behaviour == "unknown" else person

    def payments_of(self, phone: str) -> list[Payment]:
        return self.by_phone.get(phone, [])

    def key_sets_of(self, msn: str) -> set[str]:
        return {keys.id for keys in self.key_sets.values() if msn in keys.msns}

    # Payments

    def add_payment(self, payment: Payment) -> None:
        self.payments[payment.key] = payment
        self._index(payment)
        self.save(payment)

    def _index(self, payment: Payment) -> None:
        if payment.phone:
            self.by_phone.setdefault(payment.phone, []).append(payment)
        if payment.token:
            self.by_token[payment.token] = payment

    def give_to(self, payment: Payment, phone: str) -> None:
        """A customer opened a payment that had none."""
        payment.phone = phone
        self.by_phone.setdefault(phone, []).append(payment)
        self.save(payment)

    def record(
        self, payment: Payment, name: str, value: int, by: str, key: str | None = None, success: bool = True
    ) -> None:
        """Writes the event log and raises the webhook."""
        if payment.events:
            psp_reference, self.next_psp = str(self.next_psp), self.next_psp + 1
            self.remember()
        else:
            psp_reference = payment.psp_reference
        event = {
            "pspReference": psp_reference, "name": name, "amount": value, "timestamp": self.clock.now(),
            "idempotencyKey": key, "success": success, "by": by,
        }
        payment.events.append(event)
        self.save(payment)
        if self.publisher is not None:
            self.publisher.publish(
                f"epayments.payment.{name.lower()}.v1", payment.msn, payment.key, payment.reference,
                webhook_body(payment, event),
            )


def guaranteed_until(payment: Payment) -> str | None:
    return iso_offset(payment.authorized_at + 7 * DAY) if payment.authorized_at is not None else None


def subject(payment: Payment) -> str | None:
    """The user's id for the shop, when the shop asked for a profile."""
    if not payment.scope or payment.authorized_at is None:
        return None
    return ids.guid_from(f"{payment.msn} {payment.phone}")


def webhook_body(payment: Payment, event: dict[str, Any]) -> str:
    body: dict[str, Any] = {
        "msn": payment.msn, "reference": payment.reference, "pspReference": event["pspReference"],
        "name": event["name"], "amount": payment.money(event["amount"]),
        "timestamp": iso_milliseconds(event["timestamp"]),
    }
    if event["idempotencyKey"] is not None and event["name"] != "CANCELLED":
        body["idempotencyKey"] = event["idempotencyKey"]
    body["success"] = event["success"]
    if event["name"] == "AUTHORIZED" and event["success"]:
        body["captureGuaranteedUntil"] = guaranteed_until(payment)
        if payment.scope:
            body["sub"] = subject(payment)
    return compact(body)


def log_entry(payment: Payment, event: dict[str, Any]) -> dict[str, Any]:
    """One line of the event log as the API gives it."""
    entry = {
        "reference": payment.reference, "pspReference": event["pspReference"], "name": event["name"],
        "amount": payment.money(event["amount"]), "timestamp": iso_ticks(event["timestamp"]),
    }
    if event["idempotencyKey"] is not None:
        entry["idempotencyKey"] = event["idempotencyKey"]
    return {**entry, "success": event["success"]}


def compact(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
