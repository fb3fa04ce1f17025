"""The customer's side: the simulator's controls, as a hand on a phone would use them."""

import json
import time
import urllib.error
import urllib.request


class Control:
    """`/control` of the Vipps simulator."""

    def __init__(self, base_url: str):
        self.base = base_url

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/control/{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=15) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def forget_faults(self) -> None:
        self.call("DELETE", "faults")

    def act(self, phone: str, what: str, seconds: float = 15) -> dict:
        """Approves or declines as soon as the phone shows a payment."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.call("POST", f"customers/{phone}/{what}", {})
            except urllib.error.HTTPError as error:
                if error.code != 409 or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def scan(self, phone: str, **code: str) -> dict:
        return self.call("POST", f"customers/{phone}/scan", code)

    def personal_code(self, phone: str) -> str:
        return self.call("GET", f"customers/{phone}")["personalQr"]

    def books(self, msn: str = "123456") -> dict:
        return self.call("GET", f"books?msn={msn}")[msn]
