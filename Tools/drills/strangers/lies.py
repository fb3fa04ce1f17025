"""A Vipps that answers nonsense: stands before the simulator and now and then says something malformed, oversized or of
the wrong type, before the work is done or after."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from .bodies import odd_text, spoiled
from .servers import Standing
from .watch import PHONE, TAG

JSON = "application/json"


class LyingVipps:
    """Hands every request on, unless `share` of chance says that this one gets a lie. No lie is a sound answer that is
    false: whoever sends that is believed, being Vipps. Every one is something that cannot be."""

    def __init__(self, simulator: str, chance: random.Random):
        self.share = 0.0
        self.told: Counter[str] = Counter()
        self.keys_sent_elsewhere = 0
        """Requests with keys that came to the address of a redirect."""
        self._simulator, self._chance, self._lock = urlsplit(simulator), chance, threading.Lock()
        self._last: dict[str, bytes] = {}
        """The last true answer to a GET, by reference."""
        vipps = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                vipps._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = Standing(Handler)

    @property
    def url(self) -> str:
        return self._server.url

    def close(self) -> None:
        self._server.close()

    # One request

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if handler.path.startswith("/elsewhere"):
            self.keys_sent_elsewhere += bool(handler.headers.get("Authorization")
                                             or handler.headers.get("Ocp-Apim-Subscription-Key"))
        with self._lock:
            lies = self._chance.random() < self.share
            name = self._chance.choice(list(LIES)) if lies else ""
            works_first = self._chance.random() < 0.5
            chance = random.Random(self._chance.random())
        if not lies:
            return self._say(handler, *self._true(handler, body))
        true = self._true(handler, body) if works_first else (200, JSON, b"{}")
        with self._lock:
            self.told[name] += 1
        LIES[name](Saying(self, handler, true, chance))

    def _true(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(self._simulator.hostname, self._simulator.port, timeout=40)
        try:
            headers = {name: value for name, value in handler.headers.items() if name.lower() not in
                       ("host", "connection", "content-length", "transfer-encoding")}
            connection.request(handler.command, handler.path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            return 502, "text/plain", b""
        finally:
            connection.close()
        if handler.command == "GET" and "/payments/" in handler.path:
            with self._lock:
                self._last[handler.path] = content
        return response.status, response.headers.get("Content-Type", JSON), content

    def _say(self, handler: BaseHTTPRequestHandler, status: int, kind: str, body: bytes,
             headers: dict[str, str] | None = None) -> None:
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            if "Content-Length" not in (headers or {}):
                handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True


class Saying:
    """One lie being told."""

    def __init__(self, vipps: LyingVipps, handler: BaseHTTPRequestHandler, true: tuple[int, str, bytes],
                 chance: random.Random):
        self.vipps, self.handler, self.chance = vipps, handler, chance
        self.status, self.kind, self.body = true

    def say(self, status: int | None = None, body: bytes | None = None, kind: str | None = None,
            **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.vipps._say(self.handler, status or self.status, kind or self.kind,
                        self.body if body is None else body, named)

    def json(self) -> object:
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def aggregate(self, change: Callable[[dict], None]) -> None:
        """The true answer with an impossible sum in it; a refusal in its place where the answer has none."""
        content = self.json()
        if not isinstance(content, dict) or "aggregate" not in content:
            return self.say(status=200, body=b"{}")
        change(content)
        self.say(body=json.dumps(content).encode())


def _everything(content: dict, **amount: object) -> None:
    for name in content["aggregate"]:
        content["aggregate"][name] = {**content["aggregate"][name], **amount}


def _one(content: dict, name: str, value: object) -> None:
    content["aggregate"][name] = value


def _another(saying: Saying) -> None:
    """A true answer, about another payment."""
    path = saying.handler.path
    others = [body for other, body in list(saying.vipps._last.items())
              if other != path and other.endswith("/events") == path.endswith("/events")]
    saying.say(status=200, body=saying.chance.choice(others) if others else b"{}")


def _spoiled(saying: Saying) -> None:
    content = saying.json()
    if isinstance(content, dict) and "aggregate" in content:
        # A changed sum might be a sound one: only the rest is spoiled.
        rest = {name: part for name, part in content.items() if name not in ("aggregate", "state", "amount")}
        content = {**content, saying.chance.choice(["aggregate", "state", "amount"]): spoiled(rest, saying.chance)}
    elif isinstance(content, list):
        content = [7, *content]
    else:
        content = spoiled(content, saying.chance)
    saying.say(body=json.dumps(content).encode("utf-8", "surrogatepass"))


LIES: dict[str, Callable[[Saying], None]] = {
    "an empty answer": lambda it: it.say(body=b""),
    "half of the answer": lambda it: it.say(body=it.body[:len(it.body) // 2]),
    "a page": lambda it: it.say(status=200, body=b"<html>" + TAG.encode(), kind="text/html"),
    "no JSON": lambda it: it.say(status=200, body=bytes(it.chance.choices(range(256), k=300))),
    "null": lambda it: it.say(status=200, body=b"null"),
    "a list": lambda it: it.say(status=200, body=b"[[]]"),
    "endless depth": lambda it: it.say(status=200, body=it.chance.choice([b'{"a":' * 50_000, b"[" * 513])),
    "five megabytes": lambda it: it.say(status=200, body=b'{"state":"' + b"x" * 5_000_000 + b'"}'),
    "wrong types": _spoiled,
    "another payment": _another,
    "negative sums": lambda it: it.aggregate(lambda content: _everything(content, value=-100)),
    "sums beyond everything": lambda it: it.aggregate(lambda content: _everything(content, value=2**62)),
    "sums in another currency": lambda it: it.aggregate(lambda content: _everything(content, currency="EUR")),
    "sums in no currency": lambda it: it.aggregate(lambda content: _everything(content, currency="XXX")),
    "sums as text": lambda it: it.aggregate(lambda content: _everything(content, value="4500")),
    "a sum missing": lambda it: it.aggregate(lambda content: content["aggregate"].pop("capturedAmount")),
    "a sum of null": lambda it: it.aggregate(lambda content: _one(content, "capturedAmount", None)),
    "more than asked for": lambda it: it.aggregate(lambda content: _one(
        content, "refundedAmount", {"currency": "NOK", "value": content["amount"]["value"] + 1})),
    "an unknown state": lambda it: it.aggregate(lambda content: content.update(state=odd_text(it.chance))),
    "204": lambda it: it.say(status=204, body=b""),
    "a redirect": lambda it: it.say(status=307, body=b"", Location=it.vipps.url + "/elsewhere"),
    "a longer length": lambda it: it.say(body=it.body, Content_Length=str(len(it.body) + 500), Connection="close"),
    "a shorter length": lambda it: it.say(body=it.body, Content_Length=str(max(0, len(it.body) - 5)),
                                          Connection="close"),
    "a wrong encoding": lambda it: it.say(body=it.body, Content_Encoding="gzip"),
    "a header without end": lambda it: it.say(body=it.body, X_Filler="y" * 90_000),
    "a refusal that says nothing": lambda it: it.say(status=400, body=b"", kind="text/plain"),
    "a refusal that says too much": lambda it: it.say(status=400, body=json.dumps({
        "title": TAG, "detail": f"The number +47{PHONE} of 47{PHONE[:4]} {PHONE[4:]} is not " + "x" * 100_000,
        "extraDetails": [{"name": "errorCode", "reason": odd_text(it.chance)}, {"name": TAG, "reason": f"47{PHONE}"}]}
    ).encode("utf-8", "surrogatepass")),
    "a refusal of the wrong types": lambda it: it.say(status=409, body=json.dumps(
        {"title": 7, "detail": [], "extraDetails": {}, "traceId": None}).encode()),
    "429 for ever": lambda it: it.say(status=429, body=b"{}", Retry_After=it.chance.choice(
        ["86400", "99999999999999999999", "-1", "soon", "Fri, 31 Dec 9999 23:59:59 GMT", ""])),
    "a status that is none": lambda it: it.say(status=it.chance.choice([299, 306, 418, 599, 600, 999]), body=b"{}"),
    "a token that breaks the line": lambda it: it.say(status=200, body=json.dumps({
        "access_token": "a\r\nX-Evil: 1", "expires_in": "3600"}).encode()),
    "a token for ever": lambda it: it.say(status=200, body=json.dumps({
        "access_token": "never-issued", "expires_in": it.chance.choice(["1e308", "-5", "NaN", "999999999999999", ""])}
    ).encode()),
}
"""By name."""
