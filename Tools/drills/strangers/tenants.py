"""One tenant's identifiers in the hands of another: on every route, in every body, on pages; told apart from an unknown
one they must not be, and nothing of theirs may change."""

import json
import random
from urllib.parse import urlencode

from launcher import demo
from launcher.product import Product
from launcher.waiting import wait_until

from ..books import assert_books_agree
from ..shop import rows
from ..till import KARI, Refused, Vipps, new_id, tenant
from .belongings import Belongings
from .bodies import filled_form, whole_body
from .doors import Door, Told, ask
from .people import STRANGER, VICTIM, signed_in, till_of
from .watch import Watch, changes, quiet_rows_of

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
ON_PAGES = {"sale": "saleID", "payment": "paymentID", "option": "paymentOptionID", "product": "productID",
            "line": "lineID", "checkIn": "checkInID", "agreement": "agreementID", "till": "agentInstanceID",
            "agreementID": "agreementID", "salesUnitID": "salesUnitID", "merchantQRID": "merchantQRID",
            "organizationalUnitID": "organizationalUnitID", "agentProfileID": "agentProfileID", "newID": "productID"}
"""Fields of forms and parameters of pages: what each names."""
OF_A_LIST = {"products": "productID", "users": "userID", "organizational-units": "organizationalUnitID",
             "agent-instances": "agentInstanceID", "profiles": "agentProfileID", "vipps-agreements": "agreementID",
             "vipps-sales-units": "salesUnitID", "payment-options": "paymentOptionID"}
"""What `id` or `commandID` names in the body of a route, by the end of its path."""
ENDS_SOMETHING = ("/abandon", "/complete", "/park", "/resume", "/discard", "/abort")
"""Forms that work once on a thing of ours: the second answer is another."""
CHOSEN_BY_THE_CLIENT = ("id", "commandID")
"""Fields that may name something new: an identifier that another tenant has taken is then refused, not ignored."""


def identifiers_of_the_victim(product: Product) -> dict[str, list[str]]:
    """What the stranger has got hold of, by the names that routes and bodies use."""
    till, vipps = till_of(product, VICTIM), Vipps(product)
    paid = till.sale("1001", "1002")
    payment = paid.pay(phone=KARI)
    vipps.approve(payment["reference"])
    done = paid.wait_state("completed")
    paid.command("refund-payment", paymentID=payment["id"], amount={"minorUnits": 100, "currency": "NOK"},
                 reason="a stale bun")
    assert_books_agree(paid, vipps)
    waiting = till.sale("1003")
    asked = waiting.pay(phone=KARI, amount={"minorUnits": 200, "currency": "NOK"})
    vipps.wait_asked(asked["reference"])
    looked = f"SELECT 1 FROM payment WHERE reference = '{asked['reference']}' AND seen_authorized IS NOT NULL"
    wait_until(lambda: rows(product, "vipps-gateway", looked), 30, "the gateway's first look at the payment that waits")
    vipps.post(f"/customers/{KARI}/scan", {"msn": till_msn(VICTIM), "merchantQrId": till.code["merchantQRID"]})
    setup, data = demo.setups()[VICTIM], demo.tenants()[VICTIM]
    found = {
        "saleID": [paid.id, waiting.id], "paymentID": [payment["id"], asked["id"]],
        "lineID": [line["id"] for line in done["lines"]],
        "refundID": [refund["id"] for refund in paid.look()["refunds"]],
        "checkInID": wait_until(lambda: [one["id"] for one in till.get("/pos/api/check-ins")["checkIns"]], 20,
                                "the customer's check-in at the till"),
        "paymentOptionID": [till.vipps, till.cash],
        "productID": [one["id"] for one in data["products"][:2]],
        "userID": [one["id"] for one in data["users"][:2]],
        "organizationalUnitID": [one["id"] for one in data["organizationalUnits"]],
        "agentInstanceID": [one["id"] for one in data["agentInstances"][:2]],
        "agentProfileID": [one["id"] for one in data["agentInstances"][:2]],
        "agreementID": [one["id"] for one in setup["agreements"]],
        "salesUnitID": [one["id"] for one in setup["salesUnits"]],
        "merchantQRID": [one["merchantQRID"] for one in setup["merchantQRs"][:2]],
        "tenantID": [data["id"]],
    }
    assert all(found.values()), f"the victim lacks something: {[name for name, ids in found.items() if not ids]}"
    return found


def till_msn(index: int) -> str:
    return demo.setups()[index]["salesUnits"][0]["msn"]


def attack(product: Product, doors: list[Door], watch: Watch, chance: random.Random) -> int:
    """The answer is the number of requests."""
    return _Reaching(product, doors, watch, chance).run()


class _Reaching:
    def __init__(self, product: Product, doors: list[Door], watch: Watch, chance: random.Random):
        self._product, self._doors, self._watch, self._chance = product, doors, watch, chance
        self._asked = 0
        self._theirs = identifiers_of_the_victim(product)
        self._me = signed_in(product, "anders", STRANGER)
        self._mine = till_of(product, STRANGER)
        self._belongings = Belongings(product)

    def run(self) -> int:
        before = quiet_rows_of(self._product, tenant(VICTIM)["id"])
        mine = [door for door in self._doors if door.roles and door.roles & self._me.roles
                and not door.path.endswith(("sign-out", "/remove", "/delete"))]
        for door in mine:
            if door.parameters and "id" not in door.parameters:
                self._in_the_address(door)
            if not door.changes:
                self._in_the_query(door)
            if door.schema and not door.path.endswith("/commands"):
                self._in_the_body(door)
            elif door.changes and door.is_page and not door.path.endswith(ENDS_SOMETHING):
                self._in_the_form(door)
        self._in_my_own_sale()
        for door in mine:  # Last: from then on some of these name a thing of the stranger's own as well.
            if door.schema:
                self._as_the_name_of_mine(door)
        self._claim_their_sales_unit()
        after = quiet_rows_of(self._product, tenant(VICTIM)["id"])
        if changed := changes(before, after):
            self._watch.violation(f"another tenant's rows have changed: {', '.join(changed)}")
        return self._asked

    # Where identifiers go

    def _in_the_address(self, door: Door) -> None:
        for number in range(2):
            theirs = {name: self._of(name, number) for name in door.parameters}
            nobodys = {name: new_id() for name in door.parameters}
            body = self._body(door)
            self._compare(door, f"another tenant's identifiers in {door.name}",
                          (door.filled(theirs), body), (door.filled(nobodys), body))

    def _in_the_query(self, door: Door) -> None:
        mine = door.filled(self._belongings.by_name)
        for name in sorted({*door.query, *(ON_PAGES if door.is_page else ())}):
            if kind := self._kind(name, door):
                self._compare(door, f"another tenant's {name} behind {door.name}",
                              (mine + "?" + urlencode({name: self._of(kind, 0)}), None),
                              (mine + "?" + urlencode({name: new_id()}), None))

    def _in_the_body(self, door: Door) -> None:
        """One identifier of theirs in a body that is otherwise ours, each field in its turn."""
        address = door.filled(self._belongings.by_name)
        for name in door.schema.get("properties", {}):
            for identifier in self._theirs.get(name, []) if name not in CHOSEN_BY_THE_CLIENT else []:
                body = whole_body(door.schema, self._chance)
                theirs, nobodys = {**body, name: identifier}, {**body, name: new_id()}
                self._compare(door, f"another tenant's {name} in the body of {door.name}",
                              (address, json.dumps(theirs).encode()), (address, json.dumps(nobodys).encode()))

    def _as_the_name_of_mine(self, door: Door) -> None:
        """Where the client chooses an identifier, one that another tenant has already: it is refused, or is a name in
        the stranger's own tenant, and the victim's thing stays what it was."""
        kind = OF_A_LIST.get(door.path.rsplit("/", 1)[-1])
        for name in CHOSEN_BY_THE_CLIENT:
            if kind and name in door.schema.get("properties", {}):
                for identifier in self._theirs[kind]:
                    body = {**whole_body(door.schema, self._chance), name: identifier}
                    told = self._send(door.method, door.service, door.filled(self._belongings.by_name),
                                      json.dumps(body).encode(), JSON)
                    self._watch.answer(f"another tenant's {kind} chosen at {door.name}", door, told)

    def _in_the_form(self, door: Door) -> None:
        address = door.filled(self._belongings.by_name)
        for name, kind in ON_PAGES.items():
            theirs, nobodys = ({**filled_form(self._chance), name: identifier} for identifier in
                               (self._theirs[kind][0], new_id()))
            self._compare(door, f"another tenant's {name} in the form of {door.name}",
                          (address, urlencode(theirs).encode()), (address, urlencode(nobodys).encode()))

    def _in_my_own_sale(self) -> None:
        """Each command to a sale of the stranger's own, with one identifier of the victim."""
        commands = [
            ("add-product", {"productID": "productID"}, {}), ("change-quantity", {"lineID": "lineID"}, {"quantity": 2}),
            ("change-price", {"lineID": "lineID"}, {"unitPrice": dkk(100)}),
            ("remove-line", {"lineID": "lineID"}, {}), ("change-discount", {"lineID": "lineID"}, {"discountRate": 100}),
            ("start-payment", {"paymentOptionID": "paymentOptionID"}, {"identification": phone()}),
            ("pay-cash", {"paymentOptionID": "paymentOptionID"}, {"received": dkk(10_000)}),
            ("identify", {"paymentID": "paymentID"}, {"identification": phone()}),
            ("change-identification", {"paymentID": "paymentID"}, {"identification": phone()}),
            ("abort-payment", {"paymentID": "paymentID"}, {}),
            ("refund-payment", {"paymentID": "paymentID"}, {"amount": dkk(100), "reason": "because I can"}),
            ("refund-original-payment", {"paymentID": "paymentID"}, {"amount": dkk(100)}),
        ]
        sale = self._mine.sale(tenant(STRANGER)["products"][0]["number"])
        for kind, foreign, rest in commands:
            for field, source in foreign.items():
                for identifier in self._theirs[source]:
                    self._command(sale.id, {"type": kind, **rest, field: identifier}, field)
        for identifier in self._theirs["checkInID"]:
            self._command(sale.id, {"type": "start-payment", "paymentOptionID": self._mine.vipps,
                                    "identification": {"type": "check-in", "checkInID": identifier}}, "checkInID")

    def _command(self, sale_id: str, command: dict, field: str) -> None:
        address = f"/pos/api/sales/{sale_id}/commands"
        body = json.dumps({"commandID": new_id(), **command}).encode()
        told = self._send("POST", "pos-service", address, body, JSON)
        what = f"another tenant's {field} in {command['type']}"
        self._watch.answer(what, None, told)
        if told.status < 400:
            self._watch.violation(f"{what}: was done")

    def _claim_their_sales_unit(self) -> None:
        """The victim's MSN under the stranger's own keys: Vipps refuses it, and the victim's webhooks go on."""
        setup = demo.setups()[STRANGER]
        unit = {"id": new_id(), "displayName": "Mine now", "organizationalUnitID":
                tenant(STRANGER)["organizationalUnits"][0]["id"], "agreementID": setup["agreements"][0]["id"],
                "msn": till_msn(VICTIM)}
        for path, body in (("/pos/api/vipps-sales-units", unit),
                           (f"/pos/api/vipps-agreements/{unit['agreementID']}/register-webhook", None),
                           (f"/pos/api/vipps-sales-units/{unit['id']}/merchant-qrs/sync", None),
                           (f"/pos/api/vipps-sales-units/{unit['id']}/merchant-qrs",
                            {"merchantQRID": self._theirs["merchantQRID"][0], "locationDescription": "Mine"})):
            told = self._send("POST", "pos-service", path, json.dumps(body).encode() if body else b"", JSON)
            self._watch.answer("another tenant's MSN in a sales unit of one's own", None, told)
        try:
            codes = self._mine.get(f"/pos/api/vipps-sales-units/{unit['id']}/merchant-qrs")
        except Refused:
            return
        shown = [code for code in codes["merchantQRs"] if code["state"] == "at-vipps"]
        if self._theirs["merchantQRID"][0] in str(shown):
            self._watch.violation("a stranger was shown the merchant QRs of another tenant's sales unit")

    # Comparing

    def _compare(self, door: Door, what: str, theirs: tuple[str, bytes | None],
                 nobodys: tuple[str, bytes | None]) -> None:
        """Both answers must say the same: who asks must not learn that the one exists. Where an unknown identifier
        makes something new, another tenant's is refused."""
        kind = FORM if door.is_page else JSON
        seen, unknown = (self._send(door.method, door.service, address, body, kind)
                         for address, body in (theirs, nobodys))
        self._watch.answer(what, door, seen)
        is_new = door.changes and unknown.status < 400 <= seen.status
        if (seen.status, _slug(seen)) != (unknown.status, _slug(unknown)) and not is_new:
            self._watch.violation(f"{what}: answered {seen.status} {_slug(seen)}, an unknown one "
                                  f"{unknown.status} {_slug(unknown)}")

    def _send(self, method: str, service: str, address: str, body: bytes | None, kind: tuple[str, str]) -> Told:
        changes = method != "GET"
        self._asked += 1
        headers = self._me.headers(changes) + ([kind] if changes else [])
        return ask(self._product.url(service), method, address, headers, (body or b"") if changes else None)

    def _body(self, door: Door) -> bytes | None:
        if not door.changes:
            return None
        if door.schema:
            return json.dumps(whole_body(door.schema, self._chance)).encode()
        return urlencode(filled_form(self._chance)).encode() if door.is_page else b""

    def _of(self, name: str, number: int) -> str:
        return self._theirs[name][number % len(self._theirs[name])]

    def _kind(self, name: str, door: Door) -> str | None:
        """What a field's or parameter's name stands for."""
        if name in self._theirs:
            return name
        return ON_PAGES.get(name) if door.is_page else None


def _slug(told: Told) -> str:
    try:
        return json.loads(told.body)["type"] if told.kind.startswith("application/problem") else ""
    except (ValueError, KeyError):
        return "?"


def dkk(minor_units: int) -> dict:
    return {"minorUnits": minor_units, "currency": "DKK"}


def phone() -> dict:
    return {"type": "phone", "phoneNumber": "4520123456"}


