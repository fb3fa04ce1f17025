"""Bad weather at Vipps: every fault of the simulator by chance, several at a time, each for a while."""

import base64
import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

from launcher import demo
from launcher.web import Client

from .till import KARI, Refused, Vipps

OPERATIONS = ("token", "create", "get", "events", "capture", "cancel", "refund")
Fields = dict[str, object]

NOT_REFUNDED = "epayments.payment.[!r]*"
"""Every payment event but `refunded`. What is refunded in the portal is told by its webhook, else found by a look once
a day, which no drill waits for (the simulation does)."""


def briefly(chance: random.Random) -> Fields:
    return {"seconds": round(0.1 + chance.random() * 2, 2)}


def once_done(_: random.Random) -> Fields:
    return {"work": True}


def nothing(_: random.Random) -> Fields:
    return {}


CALL_FAULTS: dict[str, tuple[str, Callable[[random.Random], Fields]]] = {
    "reply dropped after the work": ("drop-reply", nothing),
    "request dropped": ("drop-request", nothing),
    "late reply": ("late-reply", briefly),
    "late work": ("late-work", briefly),
    "429 with Retry-After": ("rate-limited", lambda chance: {"retryAfter": chance.randint(1, 4)}),
    "423": ("locked", nothing),
    "401, token refused": ("unauthorized", nothing),
    "500": ("error-500", nothing),
    "500 after the work": ("error-500", once_done),
    "503": ("unavailable", nothing),
    "503 after the work": ("unavailable", once_done),
}
"""By name: the simulator's kind, and its fields by chance. On any of the `OPERATIONS`."""

AIMED_FAULTS: dict[str, tuple[str, Fields]] = {
    "6280, capture failed": ("domain-error", {"operation": "capture", "code": 6280}),
    "6250, in the middle of approving": ("domain-error", {"operation": "cancel", "code": 6250}),
    "6160, being processed": ("domain-error", {"operation": ["capture", "cancel", "refund"], "code": 6160}),
    "approved just before the cancel": ("approve-before-cancel", {}),
    "approved just after the cancel": ("approve-after-cancel", {}),
    "declined just before the cancel": ("decline-before-cancel", {}),
    "in 3-D Secure when the cancel comes": ("processing-before-cancel", {}),
}

WEBHOOK_FAULTS: dict[str, tuple[str, Callable[[random.Random], Fields]]] = {
    "webhook lost": ("webhook-lose", lambda _: {"event": NOT_REFUNDED}),
    "webhook repeated": ("webhook-repeat", lambda chance: {"times": chance.randint(2, 6)}),
    "webhook late": ("webhook-delay", briefly),
    "webhooks out of order": ("webhook-shuffle", briefly),
    "webhook wrongly signed": ("webhook-forge", nothing),
}

SWITCHES = ("pushApproved", "partialCaptureAllowed", "bankAccountVerified", "refundAllowed", "paymentAllowed")


@dataclass
class Spell:
    """One trouble while it lasts."""

    name: str
    until: float
    end: Callable[[], int]
    """Ends it; returns how often it has struck."""


class Weather:
    """Faults by `chance` at one sales unit, `at_once` of them at any time, counted by name in `struck`.

    - Parameter silence: seconds for which a silent Vipps is silent.
    """

    def __init__(self, vipps: Vipps, chance: random.Random, silence: float, at_once: int = 5, msn: str = "123456"):
        self._vipps, self._chance, self._silence, self._at_once, self._msn = vipps, chance, silence, at_once, msn
        self._keys = next(keys for keys in demo.simulator_seed()["keySets"] if msn in keys["msns"])
        self._spells: list[Spell] = []
        states = {"maintenance": self._maintenance, "keys refused": self._keys_refused,
                  "webhooks held back": self._held_back, "silence": self._silent, "never an answer": self._mute}
        self._kinds: dict[str, Callable[[], Callable[[], int]]] = {
            **{name: lambda kind=kind, fields=fields: self._on_calls(kind, fields)
               for name, (kind, fields) in CALL_FAULTS.items()},
            **{name: lambda kind=kind, fields=fields: self._fault(kind, 0.6, **fields)
               for name, (kind, fields) in AIMED_FAULTS.items()},
            **{name: lambda kind=kind, fields=fields: self._fault(kind, **fields(self._chance))
               for name, (kind, fields) in WEBHOOK_FAULTS.items()},
            **{f"switched: {switch}": lambda switch=switch: self._switched(switch) for switch in SWITCHES},
            **states,
        }
        self._acts: dict[str, Callable[[], bool]] = {
            "all tokens expired": self._expire, "webhook of a failed operation": self._failed_event,
            "forged by a stranger": self._stranger, "approved unexpectedly": self._approve,
            "refunded in the portal": lambda: self._portal("refund"),
            "cancelled in the portal": lambda: self._portal("cancel"),
            "captured in the portal": lambda: self._portal("capture"),
        }
        self.struck: Counter[str] = Counter({name: 0 for name in [*self._kinds, *self._acts]})
        self.troubles: list[str] = []
        """What must not have happened."""
        self._bag: list[str] = []

    def blow(self, until: threading.Event) -> None:
        """Bad weather until it is told to end; then all is as it was."""
        try:
            while not until.is_set():
                self._end(lambda spell: spell.until <= time.monotonic())
                while len(self._spells) < self._at_once:
                    self._begin(self._next_kind())
                if self._chance.random() < 0.5:
                    name = self._chance.choice(list(self._acts))
                    self.struck[name] += self._tried(self._acts[name])
                until.wait(0.05 + self._chance.random() * 0.3)
        finally:
            self._end(lambda _: True)

    def _next_kind(self) -> str:
        """Every kind comes round before any comes twice."""
        if not self._bag:
            self._bag = self._chance.sample(list(self._kinds), len(self._kinds))
        return self._bag.pop()

    def _begin(self, name: str) -> None:
        lasts = 0.3 + self._chance.random() * (1.5 if name == "maintenance" else 3)
        self._spells.append(Spell(name, time.monotonic() + lasts, self._kinds[name]()))

    def _end(self, is_over: Callable[[Spell], bool]) -> None:
        over = [spell for spell in self._spells if is_over(spell)]
        self._spells = [spell for spell in self._spells if spell not in over]
        for spell in over:
            self.struck[spell.name] += spell.end()

    # Faults

    def _on_calls(self, kind: str, fields: Callable[[random.Random], Fields]) -> Callable[[], int]:
        operations = self._chance.sample(OPERATIONS, self._chance.randint(1, 3))
        return self._fault(kind, operation=operations, **fields(self._chance))

    def _fault(self, kind: str, probability: float | None = None, **fields: object) -> Callable[[], int]:
        wish = {"kind": kind, "count": None, "seed": self._chance.randrange(1_000_000),
                "probability": probability or round(0.2 + self._chance.random() * 0.6, 2), **fields}
        number = self._vipps.post("/faults", wish)["id"]

        def end() -> int:
            used = next(fault["used"] for fault in self._vipps.get("/faults") if fault["id"] == number)
            self._vipps.http.request("DELETE", f"/control/faults/{number}")
            return used

        return end

    def _silent(self) -> Callable[[], int]:
        """The work is done, or not; for long nothing is heard, and then the connection ends."""
        operation = self._chance.choice(OPERATIONS)
        doing = self._chance.choice(("late-work", "late-reply"))
        ends = [self._fault(doing, 1, operation=operation, seconds=self._silence),
                self._fault("drop-reply", 1, operation=operation)]
        return lambda: min(end() for end in ends)

    def _mute(self) -> Callable[[], int]:
        return self._fault("no-reply", 0.3, operation=self._chance.choice(OPERATIONS),
                           work=self._chance.random() < 0.5)

    # States of Vipps

    def _maintenance(self) -> Callable[[], int]:
        self._vipps.post("/maintenance", {"on": True})
        return self._back(lambda: self._vipps.post("/maintenance", {"on": False}))

    def _held_back(self) -> Callable[[], int]:
        self._vipps.post("/deliveries/stop")
        return self._back(lambda: self._vipps.post("/deliveries/resume"))

    def _keys_refused(self) -> Callable[[], int]:
        if self._chance.random() < 0.5:
            self._patch(f"key-sets/{self._keys['id']}", {"subscriptionKeys": ["0" * 32]})
        else:
            self._patch(f"key-sets/{self._keys['id']}", {"clientSecret": "bm90IHRoaXMgb25l"})
            self._vipps.post("/tokens/expire")
        right = {name: self._keys[name] for name in ("clientSecret", "subscriptionKeys")}
        return self._back(lambda: self._patch(f"key-sets/{self._keys['id']}", right))

    def _switched(self, switch: str) -> Callable[[], int]:
        self._patch(f"sales-units/{self._msn}", {switch: False})
        return self._back(lambda: self._patch(f"sales-units/{self._msn}", {switch: True}))

    @staticmethod
    def _back(undo: Callable[[], object]) -> Callable[[], int]:
        def end() -> int:
            undo()
            return 1

        return end

    def _patch(self, path: str, wish: Fields) -> None:
        answer = self._vipps.http.request("PATCH", f"/control/{path}", wish)
        if answer.status >= 300:
            raise Refused(answer)

    # Acts

    def _tried(self, act: Callable[[], bool]) -> bool:
        """Whether it could be done: what is chosen may have changed meanwhile."""
        try:
            return act()
        except Refused as refused:
            if refused.answer.status == 409:
                return False
            raise

    def _expire(self) -> bool:
        self._vipps.post("/tokens/expire")
        return True

    def _failed_event(self) -> bool:
        payment = self._some(lambda _: True)
        if payment is not None:
            name = self._chance.choice(("AUTHORIZED", "CAPTURED", "REFUNDED", "CANCELLED"))
            self._vipps.post(f"/payments/{self._msn}/{payment['reference']}/failed-event", {"name": name})
        return payment is not None

    def _stranger(self) -> bool:
        """Somebody without the secret tells the shop that a customer has paid."""
        payment = self._some(lambda payment: payment["state"] == "CREATED")
        addresses = [registration["url"] for registration in self._vipps.get("/state")["registrations"]]
        if payment is None or not addresses:
            return False
        address = urlsplit(self._chance.choice(addresses))
        body = {"msn": self._msn, "reference": payment["reference"], "pspReference": "1304787731",
                "name": "AUTHORIZED", "amount": payment["amount"], "timestamp": "2026-11-23T09:15:20.031Z",
                "success": True}
        code = base64.b64encode(self._chance.randbytes(32)).decode()
        signed = {
            "X-Ms-Date": formatdate(usegmt=True),
            "X-Ms-Content-Sha256": base64.b64encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode(),
            "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + code,
        }
        status = Client(f"{address.scheme}://{address.netloc}").post(address.path, body, signed).status
        if status != 401:
            self.troubles.append(f"a webhook forged by a stranger was answered {status}")
        return True

    def _approve(self) -> bool:
        """A customer approves whatever is open, also what the shop has given up."""
        self._vipps.post(f"/customers/{KARI}/approve")
        return True

    def _portal(self, act: str) -> bool:
        """Somebody at Vipps' portal takes, lets go or pays back; now and then in the moment of the approval."""
        def is_fit(payment: dict) -> bool:
            sums = {name: amount["value"] for name, amount in payment["aggregate"].items()}
            if act == "refund":
                return sums["refundedAmount"] < sums["capturedAmount"]
            return payment["state"] == "CREATED"

        payment = self._some(is_fit)
        if payment is None:
            return False
        wish: Fields = {"msn": self._msn, "reference": payment["reference"]}
        if act != "refund" and (act == "capture" or self._chance.random() < 0.5):
            self._vipps.post(f"/customers/{KARI}/approve", {"reference": payment["reference"]})
        if act != "cancel" and self._chance.random() < 0.7:
            wish["amount"] = self._chance.randint(200, payment["amount"]["value"])
        self._vipps.post(f"/portal/{act}", wish)
        if act == "capture" and self._chance.random() < 0.3:
            self._tried(lambda: bool(self._vipps.post("/portal/cancel", wish)))
        return True

    def _some(self, is_fit: Callable[[dict], bool]) -> dict | None:
        found = [payment for payment in self._vipps.get(f"/payments?msn={self._msn}&limit=60") if is_fit(payment)]
        return self._chance.choice(found) if found else None
