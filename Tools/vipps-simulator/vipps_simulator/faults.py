"""Faults on demand: what to spoil, for whom and how often."""

import random
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .problems import TITLES, ControlError

OPERATIONS = (
    "token", "create", "get", "events", "capture", "cancel", "refund", "approve", "webhooks.register",
    "webhooks.list", "webhooks.delete", "qr.put", "qr.list", "qr.get", "qr.delete", "qr.convert", "exchange",
)
CUSTOMER_ACTS = {
    "approve-before-cancel": ("before", "approve"), "approve-after-cancel": ("after", "approve"),
    "decline-before-cancel": ("before", "decline"), "processing-before-cancel": ("before", "begin-approval"),
}
API_KINDS = (
    "drop-reply", "drop-request", "late-reply", "late-work", "no-reply", "rate-limited", "locked", "error-500",
    "unavailable", "unauthorized", "domain-error", *CUSTOMER_ACTS,
)
WEBHOOK_KINDS = ("webhook-lose", "webhook-forge", "webhook-repeat", "webhook-delay", "webhook-shuffle")


@dataclass
class Fault:
    """`count` None means until deleted; `skip` lets the first matches pass."""

    id: int
    kind: str
    operation: list[str] | None = None
    reference: str | None = None
    msn: str | None = None
    event: str | None = None
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seed: int | None = None
    seconds: float = 1.0
    retryAfter: int = 1
    times: int = 2
    code: int = 6160
    work: bool | None = None
    used: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if not name.startswith("_") and value is not None
                or name == "count"}

    def _hits(self) -> bool:
        if self.count is not None and self.used >= self.count:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        self.used += 1
        return True

    def strikes_call(self, operation: str, reference: str | None, msn: str | None) -> bool:
        if self.kind not in API_KINDS or (self.operation is not None and operation not in self.operation):
            return False
        return self._fits(reference, msn) and self._hits()

    def strikes_event(self, event: str, reference: str | None, msn: str) -> bool:
        if self.kind not in WEBHOOK_KINDS or (self.event is not None and not fnmatchcase(event, self.event)):
            return False
        return self._fits(reference, msn) and self._hits()

    def _fits(self, reference: str | None, msn: str | None) -> bool:
        if self.msn is not None and msn != self.msn:
            return False
        return self.reference is None or (reference is not None and fnmatchcase(reference, self.reference))

    def random_seconds(self) -> float:
        return self._random.random() * self.seconds


class Faults:
    def __init__(self) -> None:
        self._all: list[Fault] = []
        self._next = 1
        self.maintenance = False

    def add(self, wish: dict[str, Any]) -> Fault:
        fault = self._checked(wish)
        self._next += 1
        self._all.append(fault)
        return fault

    def _checked(self, wish: dict[str, Any]) -> Fault:
        kind = wish.get("kind")
        if kind not in API_KINDS + WEBHOOK_KINDS:
            raise ControlError(422, f"kind must be one of {', '.join(API_KINDS + WEBHOOK_KINDS)}")
        allowed = {name for name in Fault.__dataclass_fields__ if name not in ("id", "used", "_random")}
        unknown = set(wish) - allowed
        if unknown:
            raise ControlError(422, f"unknown field {sorted(unknown)[0]}; known are {', '.join(sorted(allowed))}")
        operations = wish.get("operation")
        if kind in CUSTOMER_ACTS and operations is None:
            operations = "cancel"
        if isinstance(operations, str):
            operations = None if operations == "*" else [operations]
        for operation in operations or []:
            if operation not in OPERATIONS:
                raise ControlError(422, f"operation {operation!r} must be one of {', '.join(OPERATIONS)}")
        count = wish.get("count", 1)
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise ControlError(422, "count must be a whole number from 1, or null for no end")
        for name in ("skip", "probability", "seconds", "retryAfter", "times"):
            value = wish.get(name, 0)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
                raise ControlError(422, f"{name} must be a number from 0")
        if kind == "domain-error" and wish.get("code", 6160) not in TITLES:
            raise ControlError(422, "code must be one of the API's error codes, for example 6280")
        fault = Fault(id=self._next, **{**wish, "operation": operations, "count": count})
        fault._random.seed(fault.seed if fault.seed is not None else fault.id)
        return fault

    def striking_call(self, operation: str, reference: str | None, msn: str | None) -> list[Fault]:
        if not self._all:
            return []
        return [fault for fault in self._all if fault.strikes_call(operation, reference, msn)]

    def striking_event(self, event: str, reference: str | None, msn: str) -> list[Fault]:
        if not self._all:
            return []
        return [fault for fault in self._all if fault.strikes_event(event, reference, msn)]

    def all(self) -> list[Fault]:
        return list(self._all)

    def stands(self, identifier: int | None) -> bool:
        """Whether this fault has not been taken away."""
        return any(fault.id == identifier for fault in self._all)

    def remove(self, identifier: int | None) -> None:
        """All of them for None."""
        if identifier is not None and not any(fault.id == identifier for fault in self._all):
            raise ControlError(404, f"there is no fault {identifier}")
        self._all = [] if identifier is None else [fault for fault in self._all if fault.id != identifier]
