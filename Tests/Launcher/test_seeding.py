"""Setting the demo up over HTTP, against a stand-in that answers as the OpenAPI documents say."""

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from launcher import demo, seeding
from launcher.errors import LauncherError


class SetUpInterface:
    """What pos-service and financial-service keep. Whatever Vipps is asked for is there at the second look."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.kept: dict[tuple[str, str], dict[str, dict]] = {}
        self.looks: dict[str, int] = {}
        self.refuse: str | None = None

    def of(self, tenant: str, kind: str) -> dict[str, dict]:
        return self.kept.setdefault((tenant, kind), {})

    def seen(self, key: str, before: str, after: str) -> str:
        self.looks[key] = self.looks.get(key, 0) + 1
        return after if self.looks[key] > 1 else before

    def answer(self, method: str, path: str, body: dict | None, tenant: str) -> tuple[int, dict]:
        if method != "GET":
            self.requests.append(f"{method} {path}")
        if path == self.refuse:
            return 422, {"type": "invalid", "detail": "name: too long"}
        if path == "/pos/api/payment-options":
            return 200, {"paymentOptions": list(self.of(tenant, "/financial/api/payment-options").values())}
        for address, kind in [("/pos/api/vipps-agreements", "agreements"), ("/pos/api/vipps-sales-units", "salesUnits"),
                              ("/financial/api/payment-options", "paymentOptions")]:
            if path == address:
                kept = self.of(tenant, path)
                if method == "POST":
                    identifier = body.get("id") or body["commandID"]
                    kept[identifier] = {**body, "id": identifier.upper(), "paymentOptionID": identifier.upper()}
                return 200, {kind: list(kept.values())}
        if match := re.fullmatch(r"/pos/api/vipps-agreements/([^/]+)(/register-webhook)?", path):
            webhooks = self.of(tenant, "webhooks")
            if match[2]:
                webhooks[match[1]] = {}
            return 200, {"webhooks": [{"state": self.seen(match[1], "asked", "registered")}] if match[1] in webhooks else []}
        if match := re.fullmatch(r"/pos/api/vipps-sales-units/([^/]+)/merchant-qrs", path):
            codes = self.of(tenant, match[1])
            if method == "POST":
                codes[body["merchantQRID"]] = body
            return 200, {"merchantQRs": [{**code, "state": self.seen(key, "asked", "at-vipps")}
                                         for key, code in codes.items()]}
        if path == "/pos/api/agent-instances":
            [seed] = [one for one in demo.tenants() if one["id"] == tenant]
            profiles = self.of(tenant, "profiles")
            return 200, {"agentInstances": [{**agent, "profiles": [{"id": agent["id"], "name": agent["name"],
                                                                    **profiles.get(agent["id"], {})}]}
                                            for agent in seed["agentInstances"]]}
        if match := re.fullmatch(r"/pos/api/agent-profiles/([^/]+)", path):
            self.of(tenant, "profiles")[match[1]] = body
            return 200, body
        return 404, {}


@pytest.fixture
def interface():
    """The stand-in behind a real socket, with sessions and CSRF as the product has them."""
    interface = SetUpInterface()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
            if self.path == "/pos/api/session":
                claims = base64.urlsafe_b64encode(json.dumps({"tenant": body["tenant"], "csrf": "c1"}).encode()).decode().rstrip("=")
                return self.send(200, {}, f"session={claims}.signature; HttpOnly; Path=/")
            match = re.search(r"session=([^.;]+)", self.headers.get("Cookie", ""))
            if not match or self.command != "GET" and self.headers["X-CSRF-Token"] != "c1":
                return self.send(401, {})
            tenant = json.loads(base64.urlsafe_b64decode(match[1] + "=="))["tenant"]
            self.send(*interface.answer(self.command, self.path, body, tenant))

        do_POST = do_PUT = do_GET

        def send(self, status: int, value: dict, cookie: str | None = None) -> None:
            self.send_response(status)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    interface.url = lambda name: f"http://127.0.0.1:{server.server_port}"
    yield interface
    server.shutdown()
    server.server_close()


def test_everything_is_set_up_and_waited_for(interface):
    seeding.set_up(interface)
    for setup in demo.setups():
        tenant = setup["tenantID"]
        assert set(interface.of(tenant, "/pos/api/vipps-agreements")) == {one["id"] for one in setup["agreements"]}
        assert set(interface.of(tenant, "webhooks")) == {one["id"] for one in setup["agreements"]}
        assert set(interface.of(tenant, "/financial/api/payment-options")) == {one["commandID"] for one in setup["paymentOptions"]}
        for profile in setup["profiles"]:
            chosen = interface.of(tenant, "profiles")[profile["agentInstanceID"]]
            assert (chosen["salesUnitID"], chosen["merchantQRID"]) == (profile["salesUnitID"], profile["merchantQRID"])
    keys = interface.of(demo.setups()[0]["tenantID"], "/pos/api/vipps-agreements")
    assert all(set(one["keys"]) == {"clientID", "clientSecret", "subscriptionKey"} for one in keys.values())


def test_a_second_time_changes_nothing(interface):
    seeding.set_up(interface)
    interface.requests.clear()
    seeding.set_up(interface)
    assert interface.requests == []


def test_a_refusal_is_reported_with_the_request_and_the_reason(interface):
    interface.refuse = "/pos/api/vipps-sales-units"
    with pytest.raises(LauncherError, match=r"GET /pos/api/vipps-sales-units answered 422.*too long"):
        seeding.set_up(interface)


def test_waiting_in_vain_shows_what_the_service_says(interface, monkeypatch):
    monkeypatch.setattr(seeding, "PATIENCE", 0.3)
    monkeypatch.setattr(interface, "seen", lambda key, before, after: before)
    with pytest.raises(LauncherError, match=r"the webhooks of Vipps Oslo took more than 0.3 s(?s:.*)asked"):
        seeding.set_up(interface)
