"""What must never be seen: another tenant's data, secrets, our own failures. Looks at answers, logs and files."""

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from launcher import demo
from launcher.product import Product
from launcher.waiting import wait_until

from ..figures import Figures
from .doors import Door, Told

PHONE = "99887766"
"""The number that forged and malformed requests carry: whoever writes it down is found out."""
PERSONAL_QR = "personal-qr-of-somebody-3141592653"
EMAIL = "hemmelig.kunde@example.net"
PASSWORD = "gjettet-passord-27182"
API_KEY = "mistyped-client-secret-16180"
TAG = "<script>drill()</script>"
"""Must come back as text only."""

OUR_OWN_WORDS = re.compile(r"SQLite|GRDB|DecodingError|Swift\.|\.swift\b|Fatal error|stack dump|no such table|"
                           r"-----BEGIN|\$scrypt|/data/\w+\.sqlite", re.I)
"""Words of our machinery that no answer may hold."""
MARKS_OF_A_FAILURE = re.compile(r" status=5\d\d|Fatal error|Crash|precondition|request failed", re.I)


class Watch:
    """Holds every answer and every log against what must not be in it, and counts both."""

    def __init__(self, product: Product, figures: Figures, victim: int):
        self._product, self._figures = product, figures
        self._theirs = re.compile("|".join(re.escape(word) for word in words_of(victim)))
        self._secrets = secrets(product)
        self._told: set[str] = set()
        self._pids = {name: product.processes[name].pid for name in product.services}
        self._read = {name: len(product.log(name)) for name in product.services}
        self.answers: Counter[int] = Counter()

    def violation(self, words: str) -> None:
        """Says each thing once: a leak that shows in every answer is one leak."""
        if words not in self._told:
            self._told.add(words)
            self._figures.violation(words)

    def answer(self, what: str, door: Door | None, told: Told, expect_answer: bool = True,
               may_tell: bool = False) -> None:
        """Holds for every answer, whatever was sent.

        - `may_tell`: who asks belongs to the tenant that is attacked."""
        self.answers[told.status] += 1
        if told.status == 0:
            if expect_answer:
                self.violation(f"{what}: the connection was closed without an answer")
            return
        if told.status >= 500:
            self.violation(f"{what}: answered {told.status}: {told.text[:200]}")
        if 400 <= told.status < 500 and expect_answer:
            self._clear(what, door, told)
        if not may_tell and (found := self._theirs.search(told.text)):
            self.violation(f"{what}: tells of another tenant: …{found[0]}…")
        if found := self._secret_in(told.text):
            self.violation(f"{what}: tells {found}")
        if told.kind.startswith(("text/html", "application/problem")) and (found := OUR_OWN_WORDS.search(told.text)):
            self.violation(f"{what}: speaks of our insides: {found[0]}")
        if told.kind.startswith("text/html") and TAG in told.text:
            self.violation(f"{what}: a page holds markup that came from a stranger")
        if PHONE in told.text:
            self.violation(f"{what}: repeats a phone number")

    def _clear(self, what: str, door: Door | None, told: Told) -> None:
        """A refusal says what is wrong: as a problem document, or on a page."""
        if told.kind.startswith("application/problem+json"):
            problem = _json(told)
            if not problem.get("type") or len(problem.get("detail") or "") < 10:
                self.violation(f"{what}: refused without saying why: {told.text[:200]}")
        elif not (door and door.is_page and told.kind.startswith("text/html") and len(told.text) > 40):
            self.violation(f"{what}: answered {told.status} as {told.kind or 'nothing'}: {told.text[:100]!r}")

    def _secret_in(self, text: str) -> str | None:
        return next((name for name, secret in self._secrets.items() if secret in text), None)

    def house(self, during: str) -> None:
        """No process has died, and what the logs have got since the last look holds nothing that must not be there."""
        for name, pid in list(self._pids.items()):
            process = self._product.processes[name]
            if process.pid != pid:
                last = " / ".join(self._product.log(name).splitlines()[-3:])
                self.violation(f"{name} died ({process.return_code}) during: {during}: {last[:600]}")
                self._product.start_service(name)
                self._product.wait_ready(name)
                self._pids[name] = process.pid
            log = self._product.log(name)
            fresh, self._read[name] = log[self._read[name]:], len(log)
            self._log(name, fresh, during)

    def gone(self, name: str) -> None:
        """The drill itself has stopped it, for good."""
        self._pids.pop(name, None)

    def _log(self, name: str, text: str, during: str) -> None:
        if found := MARKS_OF_A_FAILURE.search(text):
            line = next(line for line in text.splitlines() if MARKS_OF_A_FAILURE.search(line))
            self.violation(f"{name} logged a failure of its own ({found[0].strip()}) during: {during}: {line[:300]}")
        personal = {"a phone number": PHONE, "a personal QR": PERSONAL_QR, "a mail address": EMAIL,
                    "a password": PASSWORD, "an API key": API_KEY}
        for what, secret in {**personal, **self._secrets}.items():
            if secret in text:
                line = next(line for line in text.splitlines() if secret in line)
                self.violation(f"{name} logged {what} during: {during}: {line.replace(secret, '***')[:200]}")

    def files(self) -> None:
        """No file of a service, and no remainder of one, holds what a stranger or customer must keep to himself."""
        for name in self._product.services:
            path = self._product.database_path(name)
            for file in (path, path.with_name(path.name + "-wal")):
                content = file.read_bytes() if file.exists() else b""
                for what, secret in (("a phone number", PHONE), ("a personal QR", PERSONAL_QR),
                                     ("a password", PASSWORD), ("an API key", API_KEY)):
                    if secret.encode() in content:
                        self.violation(f"{file.name} holds {what}")


def _json(told: Told) -> dict:
    try:
        found = json.loads(told.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def words_of(index: int) -> list[str]:
    """Names that only one tenant has, as they would show in a leak."""
    tenant, setup = demo.tenants()[index], demo.setups()[index]
    words = [tenant["name"], *(unit["name"] for unit in tenant["organizationalUnits"]),
             *(user["displayName"] for user in tenant["users"]), *(unit["code"] + "-10" for unit in
                                                                   tenant["organizationalUnits"]),
             *(agreement["displayName"] for agreement in setup["agreements"])]
    others = str([other for number, other in enumerate(demo.tenants()) if number != index])
    names = [product["name"] for product in tenant["products"] if len(product["name"]) > 9]
    found = [word for word in words + names if word not in others]
    return found + [word.replace("&", "&amp;") for word in found if "&" in word]


def secrets(product: Product) -> dict[str, str]:
    """Every secret of the deployment, by its name."""
    found = {}
    for keys in demo.simulator_seed()["keySets"]:
        found[f"the client secret of {keys['id']}"] = keys["clientSecret"]
        for number, key in enumerate(keys["subscriptionKeys"]):
            found[f"subscription key {number} of {keys['id']}"] = key
    for tenant in demo.tenants():
        for user in tenant["users"]:
            found[f"the password of {user['userName']}"] = user["password"]
    for path in product.keys.directory.glob("*.bus-secret"):
        found[path.name] = path.read_text().strip()
    for path in (product.keys.session_private, product.keys.opening_keys):
        for number, block in enumerate(re.findall(r"PRIVATE KEY-----\n(.+?)\n", path.read_text())):
            found[f"key {number} of {path.name}"] = block
    return found


STATE_OF_THE_HOUSE = ("bus_", "session", "sqlite_", "grdb_", "feed_")
"""Tables that change by themselves."""
PLANS = {"look_at", "look_failures", "log_at", "log_failures", "calls", "due_at", "is_calling", "webhook_at",
         "routine_at"}
"""Columns that say when something is to be looked at again."""
OWNERS = {"agreement_id": ("agreement", "id"), "sales_unit_id": ("sales_unit", "id"),
          "payment_id": ("payment", "payment_id")}
"""Through which other table a row belongs to a tenant that does not name it."""


Rows = dict[str, list[dict]]


def rows_of(product: Product, tenant_id: str) -> Rows:
    """Each table's rows that belong to the tenant, by service and table."""
    found = {}
    for service in product.services:
        path: Path = product.database_path(service)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            tables = {name: {column[1] for column in database.execute(f'PRAGMA table_info("{name}")')}
                      for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table, columns in tables.items():
                whose = _whose(columns, tables)
                if whose and not table.startswith(STATE_OF_THE_HOUSE):
                    names = sorted(columns - PLANS)
                    query = f'SELECT {", ".join(names)} FROM "{table}" WHERE {whose}'
                    rows = database.execute(query, {"tenant": tenant_id})
                    found[f"{service}: {table}"] = sorted((dict(zip(names, row)) for row in rows), key=repr)
    return found


def _whose(columns: set[str], tables: dict[str, set[str]]) -> str | None:
    if "tenant_id" in columns:
        return "tenant_id = :tenant"
    for column, (owner, key) in OWNERS.items():
        if column in columns and key in tables.get(owner, ()):
            return f"{column} IN (SELECT {key} FROM {owner} WHERE tenant_id = :tenant)"
    return None


def quiet_rows_of(product: Product, tenant_id: str, seconds: float = 60) -> Rows:
    """The same, once nothing changes any more."""
    last: list[Rows] = [{}]

    def unchanged() -> Rows | None:
        now = rows_of(product, tenant_id)
        before, last[0] = last[0], now
        return now if now == before else None

    return wait_until(unchanged, seconds, "the other tenant's rows to come to rest", every=1)


def changes(before: Rows, after: Rows) -> list[str]:
    """Tables whose rows are not the same, with the names of the columns that differ."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table, []), after.get(table, [])
        if len(old) != len(new):
            found.append(f"{table} ({len(old)} rows, then {len(new)})")
        elif old != new:
            columns = {name for one, other in zip(old, new) for name in one if one[name] != other[name]}
            found.append(f"{table} ({', '.join(sorted(columns))})")
    return found
