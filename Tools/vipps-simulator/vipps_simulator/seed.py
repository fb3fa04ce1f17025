"""Sales units, keys and customers to begin with: built in, or from a file."""

import json
from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any

from .model import BEHAVIOURS, CURRENCIES, Customer, KeySet, SalesUnit


class SeedError(ValueError):
    """The seed file is wrong; the text says where and what to do."""


class Seed:
    def __init__(self, units: list[SalesUnit], key_sets: list[KeySet], customers: list[Customer]):
        self.units, self.key_sets, self.customers = units, key_sets, customers

    def to_json(self) -> dict[str, Any]:
        return {
            "salesUnits": [asdict(unit) for unit in self.units],
            "keySets": [asdict(keys) for keys in self.key_sets],
            "customers": [without(asdict(customer), "personalToken") for customer in self.customers],
        }


def without(things: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in things.items() if key != name}


def built_in() -> Seed:
    units = [
        SalesUnit("123456", "Fjord Bakery", "NO", "NOK", longLivingAllowed=True),
        SalesUnit("234567", "Havn Coffee", "DK", "DKK"),
        SalesUnit("345678", "Saari Books", "FI", "EUR", partialCaptureAllowed=False),
        SalesUnit("456789", "Fjord Bakery Airport", "NO", "NOK"),
        SalesUnit("567890", "Havn Coffee Online", "DK", "DKK", pushApproved=False),
        SalesUnit("678901", "Fjord Bakery Square", "NO", "NOK"),
    ]
    key_sets = [
        KeySet("norway", "5f9c1d52-6a0e-4c3b-9d51-1f6a2b7c8d01", "bm9yd2F5LWtleS1mb3ItdGVzdA==",
               ["a1f00000000000000000000000000001", "a1f00000000000000000000000000002"], ["123456"]),
        KeySet("denmark", "5f9c1d52-6a0e-4c3b-9d51-1f6a2b7c8d02", "ZGVubWFyay1rZXktZm9yLXRlc3Q=",
               ["b2f00000000000000000000000000001", "b2f00000000000000000000000000002"], ["234567"]),
        KeySet("finland", "5f9c1d52-6a0e-4c3b-9d51-1f6a2b7c8d03", "ZmlubGFuZC1rZXktZm9yLXRlc3Q=",
               ["c3f00000000000000000000000000001", "c3f00000000000000000000000000002"], ["345678"]),
        KeySet("partner", "5f9c1d52-6a0e-4c3b-9d51-1f6a2b7c8d04", "cGFydG5lci1rZXktZm9yLXRlc3Q=",
               ["d4f00000000000000000000000000001", "d4f00000000000000000000000000002"], ["456789", "567890"], True),
        KeySet("square", "5f9c1d52-6a0e-4c3b-9d51-1f6a2b7c8d05", "c3F1YXJlLWtleS1mb3ItdGVzdA==",
               ["e5f00000000000000000000000000001", "e5f00000000000000000000000000002"], ["678901"]),
    ]
    customers = [
        Customer("4791234567", "Kari Nordmann"),
        Customer("4792345678", "Ola Hansen", behaviour="approves", afterSeconds=1.5),
        Customer("4794567890", "Per Nilsen", behaviour="declines", afterSeconds=2),
        Customer("358401234567", "Aino Virtanen", "FI", "slow", 45),
        Customer("4520123456", "Mette Jensen", "DK", "approves", 3),
        Customer("46701234567", "Astrid Lindqvist", "SE"),
        Customer("4795678901", "Liv Berg", behaviour="no-card", afterSeconds=1.5),
        Customer("4796789012", "Jonas Dahl", behaviour="approves-before-cancel"),
        Customer("4797890123", "Ida Moen", behaviour="processing-before-cancel", afterSeconds=3),
        Customer("4798901234", "Emil Vik", behaviour="approves-after-cancel", age=15),
        Customer("4790000000", "(not a user)", behaviour="unknown", approvedOnce=False),
    ]
    return completed(Seed(units, key_sets, customers))


def completed(seed: Seed) -> Seed:
    """Gives every customer a personal code that stays the same from start to start."""
    for customer in seed.customers:
        customer.personalToken = customer.personalToken or personal_token(customer.phone)
    return seed


def personal_token(phone: str) -> str:
    return sha256(f"personal code of {phone}".encode()).hexdigest()[:32]


def from_file(path: str) -> Seed:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as error:
        raise SeedError(f"seed file {path}: {error}") from error
    if not isinstance(document, dict):
        raise SeedError(f"seed file {path}: must be an object with salesUnits, keySets and customers")
    seed = Seed(
        [sales_unit(entry) for entry in rows(document, "salesUnits")],
        [key_set(entry) for entry in rows(document, "keySets")],
        [customer(entry) for entry in rows(document, "customers")],
    )
    known = {unit.msn for unit in seed.units}
    for keys in seed.key_sets:
        for msn in keys.msns:
            if msn not in known:
                raise SeedError(f"keySets, {keys.id}: sales unit {msn} is not among salesUnits")
    return completed(seed)


def rows(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise SeedError(f"{name} must be a list")
    return found


def build(kind: type, entry: Any, what: str) -> Any:
    """An object of `kind` from a JSON object; refuses unknown, missing and wrongly typed fields by name."""
    if not isinstance(entry, dict):
        raise SeedError(f"{what}: every entry must be an object")
    types = {item.name: item.type for item in fields(kind)}
    for name, value in entry.items():
        if name not in types:
            raise SeedError(f"{what}: unknown field {name}; known are {', '.join(types)}")
        expected = {str: str, bool: bool, int: int, float: (int, float)}.get(types[name])
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)):
            raise SeedError(f"{what}: {name} must be of type {types[name].__name__}")
    try:
        return kind(**entry)
    except TypeError as error:
        raise SeedError(f"{what}: {str(error).split('__init__() ')[-1]}") from error


def sales_unit(entry: Any) -> SalesUnit:
    if isinstance(entry, dict) and "currency" not in entry:
        entry = {**entry, "currency": CURRENCIES.get(entry.get("market", ""), "NOK")}
    unit = build(SalesUnit, entry, "salesUnits")
    if not (unit.msn.isdigit() and 4 <= len(unit.msn) <= 10):
        raise SeedError(f"salesUnits: msn {unit.msn!r} must be 4 to 10 digits")
    if CURRENCIES.get(unit.market) != unit.currency:
        raise SeedError(f"salesUnits {unit.msn}: market and currency must be one of {CURRENCIES}")
    return unit


def key_set(entry: Any) -> KeySet:
    keys = build(KeySet, entry, "keySets")
    for name in ("subscriptionKeys", "msns"):
        value = getattr(keys, name)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            raise SeedError(f"keySets {keys.id}: {name} must be a list of texts, at least one")
    return keys


def customer(entry: Any) -> Customer:
    person = build(Customer, entry, "customers")
    if not (person.phone.isdigit() and 9 <= len(person.phone) <= 15):
        raise SeedError(f"customers: phone {person.phone!r} must be 9 to 15 digits with country code")
    if person.behaviour not in BEHAVIOURS:
        raise SeedError(f"customers {person.phone}: behaviour must be one of {', '.join(BEHAVIOURS)}")
    person.personalToken = person.personalToken or personal_token(person.phone)
    return person
