"""Reading what the control interface is asked, field by field, and answering as JSON."""

import json
from dataclasses import fields, replace
from typing import Any

from aiohttp import web

from .clock import parse_iso
from .problems import ControlError
from .world import compact

JSON = dict[str, Any]


def newest(things: list[Any], limit: str | None) -> list[Any]:
    """The last `limit` of them; all without a limit."""
    return things if limit is None else things[max(0, len(things) - whole(limit, "limit")):]


async def wish_of(request: web.Request) -> JSON:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        wish = json.loads(text)
    except ValueError as error:
        raise ControlError(400, f"the body is not JSON: {error}") from error
    if not isinstance(wish, dict):
        raise ControlError(400, "the body must be a JSON object")
    return wish


def answered(thing: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=compact(thing).encode(), content_type="application/json", charset="utf-8")


def changed(thing: Any, kind: type, wish: JSON, what: str) -> Any:
    """A copy with the wished fields; unknown names and wrong types are refused."""
    known = {item.name: item.type for item in fields(kind)}
    for name, value in wish.items():
        if name not in known:
            raise ControlError(422, f"unknown field {name} of {what}; known are {', '.join(known)}")
        wanted = (int, float) if known[name] is float else known[name]
        wanted = list if known[name] == list[str] else wanted
        if not isinstance(value, wanted) or (isinstance(value, bool) and known[name] is not bool):
            raise ControlError(422, f"{name} has the wrong type")
    return replace(thing, **wish)


def number(wish: JSON, name: str, default: float | None = None) -> float:
    value = wish.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ControlError(422, f"{name} must be a number from 0")
    return float(value)


def whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise ControlError(422, f"{name} must be a whole number from 0")
    return int(value)


def moment(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        return parse_iso(str(value))
    except ValueError as error:
        raise ControlError(422, f"set must be seconds since 1970 or RFC 3339: {error}") from error
