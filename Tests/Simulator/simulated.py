"""The simulator as a process of its own on a free port, a client of its API, and what a shop receives."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOOL = Path(__file__).resolve().parents[2] / "Tools" / "vipps-simulator"
KARI, OLA = "4791234567", "4792345678"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The domain error's code."""
        assert self.json["extraDetails"][0]["name"] == "ErrorCode", self.json
        return self.json["extraDetails"][0]["reason"]


class Dropped(Exception):
    """The connection ended without an answer."""


@dataclass
class Process:
    """The running simulator."""

    popen: subprocess.Popen[str]
    base: str

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, timeout=10
    ) -> Reply:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers or {}, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, dict(error.headers), error.read())
        except (ConnectionError, urllib.error.URLError, TimeoutError) as error:
            raise Dropped(str(error)) from error

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        reply = self.call(method or ("GET" if body is None else "POST"), f"/control/{path}", body)
        assert reply.status == 200, reply.raw
        return reply.json

    def fault(self, **wish: Any) -> None:
        self.control("faults", wish)

    def advance(self, seconds: float) -> None:
        self.control("clock", {"advanceSeconds": seconds})

    def settle(self) -> None:
        assert self.control("settle", {"timeoutSeconds": 5})["settled"]

    def stop(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        assert self.popen.stdout is not None
        with self.popen.stdout:
            return self.popen.wait(10)


def start(*options: str) -> Process:
    popen = subprocess.Popen(
        [sys.executable, "-m", "vipps_simulator", "--port", "0", *options],
        cwd=TOOL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert popen.stdout is not None
    line = popen.stdout.readline()
    assert line.startswith("vipps-simulator ready on http://"), line
    return Process(popen, line.split()[-1])


class Client:
    """Calls the API as one key set would."""

    def __init__(self, process: Process, keys: str = "norway", msn: str | None = "123456"):
        seed = (
            json.loads(
                subprocess.run(
                    [sys.executable, "-m", "vipps_simulator", "--print-seed"],
                    cwd=TOOL,
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            if not hasattr(Client, "seed")
            else Client.seed
        )
        Client.seed = seed
        self.process, self.msn = process, msn
        self.keys = next(entry for entry in seed["keySets"] if entry["id"] == keys)
        self.token: str | None = None
        self.numbers = iter(range(1, 1_000_000))

    def get_token(self, **changed: str | None) -> Reply:
        headers = {
            "client_id": self.keys["clientId"],
            "client_secret": self.keys["clientSecret"],
            "Ocp-Apim-Subscription-Key": self.keys["subscriptionKeys"][0],
            **changed,
        }
        return self.process.call(
            "POST", "/accesstoken/get", b"", {name: value for name, value in headers.items() if value is not None}
        )

    def headers(self, key: str | None = None) -> dict[str, str]:
        if self.token is None:
            self.token = self.get_token().json["access_token"]
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Ocp-Apim-Subscription-Key": self.keys["subscriptionKeys"][1],
        }
        if self.msn:
            headers["Merchant-Serial-Number"] = self.msn
        return headers | ({"Idempotency-Key": key} if key else {})

    def call(self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str) -> Reply:
        return self.process.call(method, path, body, self.headers(key) | headers)

    def body(self, reference: str, value: int = 12500, **changed: Any) -> dict[str, Any]:
        body = {
            "amount": {"currency": "NOK", "value": value},
            "paymentMethod": {"type": "WALLET"},
            "customer": {"phoneNumber": KARI},
            "customerInteraction": "CUSTOMER_PRESENT",
            "reference": reference,
            "userFlow": "PUSH_MESSAGE",
            "paymentDescription": "Shop: payment for sale 1",
            **changed,
        }
        return {name: value for name, value in body.items() if value is not None}

    def create(self, reference: str, value: int = 12500, key: str | None = None, **changed: Any) -> Reply:
        body = self.body(reference, value, **changed)
        return self.call("POST", "/epayment/v1/payments", body, key or f"create-{next(self.numbers)}")

    def get(self, reference: str) -> Any:
        return self.call("GET", f"/epayment/v1/payments/{reference}").json

    def events(self, reference: str) -> Any:
        return self.call("GET", f"/epayment/v1/payments/{reference}/events").json

    def change(self, act: str, reference: str, value: int, key: str | None = None, currency: str = "NOK") -> Reply:
        body = {"modificationAmount": {"currency": currency, "value": value}}
        return self.call("POST", f"/epayment/v1/payments/{reference}/{act}", body, key or f"{act}-{next(self.numbers)}")

    def cancel(self, reference: str, body: Any = None, key: str | None = None) -> Reply:
        return self.call("POST", f"/epayment/v1/payments/{reference}/cancel", body, key)

    def approve(self, reference: str, phone: str = KARI) -> Any:
        return self.process.control(f"customers/{phone}/approve", {"reference": reference})

    def authorized(self, reference: str, value: int = 12500) -> str:
        assert self.create(reference, value).status == 201
        assert self.approve(reference)["outcome"] == "approved"
        return reference

    def register(self, url: str, *events: str) -> Reply:
        names = events or tuple(
            f"epayments.payment.{name}.v1"
            for name in (
                "created",
                "authorized",
                "aborted",
                "expired",
                "terminated",
                "captured",
                "cancelled",
                "refunded",
            )
        )
        return self.call("POST", "/webhooks/v1/webhooks", {"url": url, "events": list(names)})


@dataclass
class Delivery:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Shop:
    """Takes webhooks; `answers` are used up first, then every delivery gets 200."""

    url: str = ""
    taken: list[Delivery] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)
    before_answer: Callable[[Delivery], object] | None = None
    """What the shop does before it answers a delivery."""

    def names(self) -> list[str]:
        return [delivery.json["name"] for delivery in self.taken]


def until(condition, seconds: float = 5.0) -> None:
    """Waits for something another process does; fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)
