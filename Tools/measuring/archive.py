"""Fills pos-service's file with sales of years past, as the service itself writes them: documents, payments and what the
lists look for. pos-service must not be running meanwhile."""

import json
import random
import sqlite3
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from launcher import demo

YEARS = 3
CUSTOMER_KEPT = timedelta(days=90)
FIRST_NUMBER = 1_000_001


class Archive:
    """The sales of one demo tenant, three years of them, the oldest first. The same seed makes the same sales.

    Of a thousand about 940 are completed (half with Vipps, the rest in cash, a few with both), 40 are abandoned and 20 are
    returns; one in ten thousand needs attention, and of all there are a handful that are parked."""

    def __init__(self, tenant: int = 0, seed: int = 1):
        self.shop, self.setup = demo.tenants()[tenant], demo.setups()[tenant]
        self._chance = random.Random(seed)
        self._numbers = {unit["id"]: FIRST_NUMBER for unit in self.shop["organizationalUnits"]}
        self._codes = {unit["id"]: unit["code"] for unit in self.shop["organizationalUnits"]}
        self._options = {option["kind"]: option for option in self.setup["paymentOptions"]}
        self._now = datetime.now(UTC)

    def write(self, file: Path, count: int) -> None:
        """Adds `count` sales to the file and moves the numbers of the organizational units behind them."""
        database = sqlite3.connect(file)
        database.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY;")
        with database:
            for sale, payments in self._sales(count):
                database.execute(f"INSERT INTO sale VALUES ({', '.join('?' * len(sale))})", sale)
                database.executemany(f"INSERT INTO sale_payment VALUES ({', '.join('?' * 8)})", payments)
            for unit, number in self._numbers.items():
                database.execute("UPDATE organizational_unit SET next_number = ? WHERE id = ?", (number, unit))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def _sales(self, count: int) -> Iterator[tuple[tuple, list[tuple]]]:
        start, step = self._now - timedelta(days=365 * YEARS), timedelta(days=365 * YEARS - 1) / count
        for place in range(count):
            at = start + step * place + timedelta(milliseconds=self._chance.randrange(1000))
            state, kind = "completed", "sale"
            roll = self._chance.random()
            if roll < 0.04:
                state = "abandoned"
            elif roll < 0.06:
                kind = "return"
            elif place % max(1, count // 5) == 7:
                state = "parked"
            yield self._sale(at, state, kind)

    def _sale(self, at: datetime, state: str, kind: str) -> tuple[tuple, list[tuple]]:
        till = self._chance.choice([till for till in self.shop["agentInstances"] if not till["isNoAgent"]])
        unit, user = till["organizationalUnitID"], self._chance.choice(self.shop["users"])["id"]
        number = self._numbers[unit]
        self._numbers[unit] += 1
        sign = -1 if kind == "return" else 1
        lines = [self._line(at, sign) for _ in range(self._chance.choice((1, 1, 2, 2, 3, 4, 6)))]
        total = sum(line["quantity"] * line["unitPrice"] for line in lines)
        identity, ended = self._id(at), at + timedelta(seconds=45)
        document = {
            "id": identity, "tenantID": self.shop["id"], "unitCode": self._codes[unit], "number": number,
            "organizationalUnitID": unit, "agentInstanceID": till["id"], "currency": self.shop["currency"],
            "startedAt": written(at), "startedBy": user, "state": state, "lines": lines, "payments": [], "refunds": [],
            "returns": [],
        }
        if kind == "return":
            document["returnOf"] = {"saleID": self._id(at), "unitCode": self._codes[unit], "number": number - 1}
        if state in ("completed", "abandoned"):
            document |= {"endedAt": written(ended), "endedBy": user}
        if state == "completed" and kind == "sale":
            document["payments"] = self._payments(at, ended, f"{self._codes[unit]}-{number}", till["id"], user, total)
        methods = {payment["method"] for payment in document["payments"]}
        row = (identity, self.shop["id"], f"{self._codes[unit]}-{number}", kind, state, milliseconds(at),
               milliseconds(ended) if "endedAt" in document else None, unit, till["id"], user, total, self.shop["currency"],
               "vipps-epayment" in methods, "cash" in methods, self._chance.random() < 0.0001,
               json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
               any("mask" in payment for payment in document["payments"]))
        payments = [(payment["id"], self.shop["id"], identity, payment.get("reference"), payment.get("msn"),
                     payment.get("agentInstanceID"), False, milliseconds(at)) for payment in document["payments"]]
        return row, payments

    def _line(self, at: datetime, sign: int) -> dict:
        product = self._chance.choice(self.shop["products"])
        line = {"id": self._id(at), "productID": product["id"], "number": product["number"], "name": product["name"],
                "quantity": sign * self._chance.choice((1, 1, 1, 2, 3)), "unitPrice": product["priceMinor"],
                "vatRate": product["vatRateBasisPoints"]}
        return line if sign > 0 else line | {"returnedLine": self._id(at), "returnedDiscount": 0, "returnedTax": 0}

    def _payments(self, at: datetime, ended: datetime, identifier: str, till: str, user: str, total: int) -> list[dict]:
        roll = self._chance.random()
        if roll < 0.5:
            shares = [("vipps-epayment", total)]
        elif roll < 0.95:
            shares = [("cash", total)]
        else:
            shares = [("cash", total // 2), ("vipps-epayment", total - total // 2)]
        made = []
        for place, (method, amount) in enumerate(shares, start=1):
            identity, option = self._id(at), self._options[method]
            payment = {"id": identity, "number": place, "optionID": option["commandID"], "optionName": option["name"],
                       "method": method, "amount": amount, "captured": amount, "state": "captured", "since": written(ended),
                       "startedAt": written(at), "startedBy": user}
            if method == "cash":
                payment |= {"received": amount, "change": 0}
            else:
                payment |= {"agreementID": self.setup["agreements"][0]["id"], "msn": self.setup["salesUnits"][0]["msn"],
                            "agentInstanceID": till, "reference": f"{identifier}-{place}-{identity[-8:]}",
                            "identification": "phone"}
                if self._now - ended < CUSTOMER_KEPT:
                    payment |= {"mask": "+47 ••• •• 567"}
            made.append(payment)
        return made

    def _id(self, at: datetime) -> str:
        """A UUID of version 7, as the service makes them: milliseconds first, then chance."""
        value = milliseconds(at) << 80 | 7 << 76 | self._chance.getrandbits(12) << 64 | 2 << 62 | self._chance.getrandbits(62)
        return str(uuid.UUID(int=value))


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
