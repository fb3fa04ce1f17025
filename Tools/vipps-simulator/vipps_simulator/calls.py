"""One call of the API: its body, its headers, who makes it, and what it is about."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .model import KeySet, SalesUnit


class Pairs(dict[str, Any]):
    """A JSON object that remembers whether a name came twice."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]):
        pairs = list(pairs)  # `dataclasses.asdict` copies with a generator.
        super().__init__(pairs)
        self.repeated = len(self) < len(pairs)


@dataclass
class Call:
    """One call on its way. `unit` and `keys` are known once access was checked."""

    request: web.Request
    operation: str
    raw: bytes
    body: Any
    reference: str | None
    keys: KeySet = field(init=False)
    unit: SalesUnit | None = None

    @property
    def sales_unit(self) -> SalesUnit:
        assert self.unit is not None
        return self.unit

    @property
    def msn(self) -> str:
        return self.sales_unit.msn

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)


INVALID = object()
DEEPEST = 32


def parsed(raw: bytes) -> Any:
    """The JSON value, None for no body, INVALID for what is not JSON."""
    if not raw.strip():
        return None
    try:
        value = json.loads(raw, object_pairs_hook=Pairs, parse_constant=refuse_constant)
        if too_deep(value, DEEPEST):
            return INVALID
        # Half a surrogate pair is valid JSON but no text that could be sent back.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return INVALID
    return value


def too_deep(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or too_deep(item, levels - 1) for item in inner)


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def reference_of(call: Call) -> str | None:
    for name in ("reference", "merchantQrId", "beaconId", "id"):
        if name in call.request.match_info:
            return call.request.match_info[name]
    found = call.body.get("reference") if isinstance(call.body, dict) else None
    return found if isinstance(found, str) else None


def fingerprint(call: Call) -> str:
    """The same request in another spelling of JSON counts as the same."""
    body = call.raw.hex() if call.body is INVALID else call.body or {}
    text = json.dumps([call.request.path, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
