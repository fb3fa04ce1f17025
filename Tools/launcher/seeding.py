"""Sets the demo tenants up over the product's own HTTP API, as an administrator would by hand. What is there already is
left as it is, so that a second start changes nothing."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import demo
from .errors import LauncherError
from .waiting import wait_until
from .web import Answer, Client

if TYPE_CHECKING:
    from .product import Product

PATIENCE = 30.0
"""Seconds until Vipps (the simulator) must have answered what the gateway asked it."""


def write_simulator_seed(path: Path) -> None:
    path.write_text(json.dumps(demo.simulator_seed(), indent=1, ensure_ascii=False) + "\n")


def set_up(product: "Product") -> None:
    """Makes agreements, sales units, webhooks, merchant QRs, payment options and till profiles of every demo tenant, and
    returns when webhooks and codes stand at Vipps and the tills know their payment options."""
    for setup in demo.setups():
        administrator = Administrator(product, demo.sign_in(setup["tenantID"], setup["administrator"]))
        administrator.make_agreements(setup["agreements"])
        administrator.make_sales_units(setup["salesUnits"])
        administrator.register_webhooks(setup["agreements"])
        administrator.make_merchant_qrs(setup["merchantQRs"])
        administrator.make_payment_options(setup["paymentOptions"])
        administrator.choose_profiles(setup["profiles"])


class Administrator:
    """A signed-in administrator of one tenant. Speaks to the services themselves; the session is valid at each."""

    def __init__(self, product: "Product", credentials: dict):
        self._pos, self._financial = Client(product.url("pos-service")), Client(product.url("financial-service"))
        self._send(self._pos, "POST", "/pos/api/session", credentials)
        self._financial.session = self._pos.session

    def make_agreements(self, agreements: list[dict]) -> None:
        known = self._ids("/pos/api/vipps-agreements", "agreements")
        for agreement in agreements:
            if agreement["id"] not in known:
                self._post("/pos/api/vipps-agreements",
                           {"id": agreement["id"], "displayName": agreement["displayName"],
                            "keys": demo.keys(agreement["simulatorKeySet"])})

    def make_sales_units(self, sales_units: list[dict]) -> None:
        known = self._ids("/pos/api/vipps-sales-units", "salesUnits")
        for sales_unit in sales_units:
            if sales_unit["id"] not in known:
                self._post("/pos/api/vipps-sales-units", sales_unit)

    def register_webhooks(self, agreements: list[dict]) -> None:
        for agreement in agreements:
            path = f"/pos/api/vipps-agreements/{agreement['id']}"
            if not self._webhooks_registered(path):
                self._post(path + "/register-webhook")
        for agreement in agreements:
            path = f"/pos/api/vipps-agreements/{agreement['id']}"
            self._wait(lambda: self._webhooks_registered(path), f"the webhooks of {agreement['displayName']}", path)

    def _webhooks_registered(self, path: str) -> bool:
        webhooks = self._get(self._pos, path)["webhooks"]
        return bool(webhooks) and all(webhook["state"] == "registered" for webhook in webhooks)

    def make_merchant_qrs(self, codes: list[dict]) -> None:
        for code in codes:
            path = f"/pos/api/vipps-sales-units/{code['salesUnitID']}/merchant-qrs"
            if self._code_state(path, code) is None:
                self._post(path, {"merchantQRID": code["merchantQRID"],
                                  "locationDescription": code["locationDescription"]})
        for code in codes:
            path = f"/pos/api/vipps-sales-units/{code['salesUnitID']}/merchant-qrs"
            self._wait(lambda: self._code_state(path, code) == "at-vipps",
                       f"the merchant QR {code['merchantQRID']}", path)

    def _code_state(self, path: str, code: dict) -> str | None:
        for known in self._get(self._pos, path)["merchantQRs"]:
            if known["merchantQRID"] == code["merchantQRID"]:
                return known["state"]
        return None

    def make_payment_options(self, options: list[dict]) -> None:
        path = "/financial/api/payment-options"
        known = {same(option["paymentOptionID"]) for option in self._get(self._financial, path)["paymentOptions"]}
        for option in options:
            if option["commandID"] not in known:
                self._send(self._financial, "POST", path, option)
        wanted = {option["commandID"] for option in options}
        self._wait(lambda: wanted <= self._ids("/pos/api/payment-options", "paymentOptions"),
                   "the payment options to reach the tills", "/pos/api/payment-options")

    def choose_profiles(self, profiles: list[dict]) -> None:
        """Only for agent instances whose first profile has no sales unit yet."""
        instances = self._get(self._pos, "/pos/api/agent-instances")["agentInstances"]
        first = {same(instance["id"]): instance["profiles"][0] for instance in instances if instance["profiles"]}
        for profile in profiles:
            current = first.get(profile["agentInstanceID"])
            if current and not current.get("salesUnitID"):
                self._send(self._pos, "PUT", f"/pos/api/agent-profiles/{current['id']}",
                           {"name": current["name"], "salesUnitID": profile["salesUnitID"],
                            "merchantQRID": profile["merchantQRID"]})

    # HTTP

    def _ids(self, path: str, key: str) -> set[str]:
        return {same(item["id"]) for item in self._get(self._pos, path)[key]}

    def _get(self, client: Client, path: str) -> dict:
        return _checked("GET", path, client.get(path)).json()

    def _post(self, path: str, body: object = None) -> Answer:
        return self._send(self._pos, "POST", path, body)

    def _send(self, client: Client, method: str, path: str, body: object = None) -> Answer:
        return _checked(method, path, client.request(method, path, body))

    def _wait(self, condition, what: str, path: str) -> None:
        try:
            wait_until(condition, PATIENCE, what, every=0.1)
        except TimeoutError:
            raise LauncherError(f"Setting up the demo: {what} took more than {PATIENCE:g} s. {path} says:\n  "
                                + json.dumps(self._get(self._pos, path), ensure_ascii=False)[:1500]) from None


def same(identifier: str) -> str:
    """Identifiers are compared in lower case: both spellings name the same thing."""
    return identifier.lower()


def _checked(method: str, path: str, answer: Answer) -> Answer:
    if answer.status >= 300:
        raise LauncherError(f"Setting up the demo: {method} {path} answered {answer.status}: {answer.text[:800]}")
    return answer
