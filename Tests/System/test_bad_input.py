"""Bad input everywhere: a clear error with the field and the reason, no 500, nothing changed."""

import http.client
import json
import uuid
from urllib.parse import urlsplit

import pytest

from launcher import demo
from launcher.web import Client

from drills.till import KARI, Person, Till, nok, tenant

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def sale(till):
    return till.sale("1001")


def assert_clear(answer, *statuses: int) -> dict:
    assert answer.status in (statuses or (400, 409, 422)), f"{answer.status}: {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
    problem = answer.json()
    assert problem["type"] and len(problem["detail"]) > 10
    return problem


COMMANDS = [
    ({"type": "add-product", "code": "no-such-code"}, None),
    ({"type": "add-product", "code": "x" * 65}, "code"),
    ({"type": "add-product", "code": "1001", "quantity": -1}, "quantity"),
    ({"type": "add-product", "code": "1001", "quantity": 10_000}, "quantity"),
    ({"type": "add-product", "code": "1001", "quantity": "two"}, "quantity"),
    ({"type": "add-product", "code": "1001", "quantity": 99999999999999999999}, "quantity"),
    ({"type": "add-product", "code": "1001", "quantity": 1.5}, "quantity"),
    ({"type": "add-product", "productID": UNKNOWN}, None),
    ({"type": "add-product", "productID": "seven"}, "productID"),
    ({"type": "change-price", "lineID": UNKNOWN, "unitPrice": nok(1)}, None),
    ({"type": "start-payment", "paymentOptionID": UNKNOWN}, None),
    ({"type": "no-such-command"}, "type"),
    ({}, "type"),
    ({"type": 7}, "type"),
    ({"type": "set-invoice-email", "email": "nobody"}, None),
    ({"type": "set-invoice-email", "email": "a@b.no\r\nBcc: c@d.no"}, None),
    ({"type": "set-invoice-email", "email": "a" * 300 + "@example.com"}, None),
]


@pytest.mark.parametrize("command, field", COMMANDS, ids=lambda value: json.dumps(value)[:60])
def test_in_a_command_is_refused_and_changes_nothing(till, sale, command, field):
    before = sale.look()
    answer = till.pos.post(f"/pos/api/sales/{sale.id}/commands", {"commandID": str(uuid.uuid4()), **command})
    problem = assert_clear(answer, 400, 404, 409, 422)
    if field:
        assert field in json.dumps(problem), problem
    assert sale.look() == before


@pytest.mark.parametrize("amount", [
    nok(0), nok(-100), nok(2**63 - 1), nok(100_000_000), {"minorUnits": 100, "currency": "DKK"},
    {"minorUnits": 100, "currency": "SEK"}, {"minorUnits": "100", "currency": "NOK"}, {"minorUnits": 100}, 100, "100",
    {"minorUnits": 10.5, "currency": "NOK"}, {"minorUnits": 2**64, "currency": "NOK"},
], ids=json.dumps)
def test_in_an_amount_is_refused_and_changes_nothing(till, sale, amount):
    before = sale.look()
    answer = sale.refused("start-payment", paymentOptionID=till.vipps, amount=amount,
                          identification={"type": "phone", "phoneNumber": KARI})
    assert_clear(answer)
    assert sale.look() == before


@pytest.mark.parametrize("number", ["", "12", "abc", "+1 555 123 4567", "9" * 33, "+47 1234", "４７９１２３４５６７", "47912345678901"])
def test_in_a_phone_number_is_refused_without_repeating_it(till, sale, number):
    answer = sale.refused("start-payment", paymentOptionID=till.vipps,
                          identification={"type": "phone", "phoneNumber": number})
    problem = assert_clear(answer)
    assert "phone" in json.dumps(problem).lower()
    assert len(number) < 5 or number not in answer.text
    assert sale.look()["payments"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 2000, b'"' + b"x" * 100_000 + b'"'],
                         ids=["empty", "cut", "list", "null", "not utf-8", "deep", "long"])
@pytest.mark.parametrize("path", ["/pos/api/session", "/pos/api/sales", "/financial/api/payment-options"])
def test_in_a_body_is_refused(product, till, path, body):
    where = urlsplit(product.url("financial-service" if path.startswith("/financial") else "pos-service"))
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=15)
    connection.request("POST", path, body, {
        "Content-Type": "application/json", "Cookie": f"session={till.pos.session}",
        "X-CSRF-Token": till.pos.claims()["csrf"]})
    response = connection.getresponse()
    content = response.read()
    assert response.status in (400, 413, 422), content
    assert json.loads(content)["detail"]
    connection.close()


@pytest.mark.parametrize("path", [
    f"/pos/api/sales/{UNKNOWN}", "/pos/api/sales/7", "/pos/api/nowhere", "/pos/api/sales?limit=0", "/pos/api/sales?limit=x",
    "/pos/api/sales?day=yesterday", "/pos/api/sales?state=lost", "/pos/api/sales?cursor=%00", "/pos/api/products?search=" + "x" * 65,
    "/financial/api/ledger?limit=501", "/financial/api/ledger?from=2026-13-01", f"/financial/api/payments/7/events",
])
def test_in_an_address_is_refused(till, path):
    client = till.finance if path.startswith("/financial") else till.pos
    assert_clear(client.get(path), 400, 404, 422)


def test_identifiers_of_another_tenant_are_unknown(product, till, sale):
    stranger = Till(product, 0, tenant_index=1)
    theirs = stranger.sale(tenant(1)["products"][0]["number"])
    line = sale.look()["lines"][0]["id"]
    assert stranger.pos.get(f"/pos/api/sales/{sale.id}").status == 404
    assert_clear(theirs.refused("change-quantity", lineID=line, quantity=2), 404, 409, 422)
    assert_clear(theirs.refused("add-product", productID=tenant(0)["products"][0]["id"]), 404, 409, 422)
    assert_clear(theirs.refused("start-payment", paymentOptionID=till.vipps), 404, 409, 422)
    setup = demo.setups()[0]
    for path in (f"/pos/api/vipps-agreements/{setup['agreements'][0]['id']}",
                 f"/pos/api/vipps-sales-units/{setup['salesUnits'][0]['id']}/merchant-qrs"):
        assert stranger.pos.get(path).status == 404


def test_roles_and_sessions_open_only_their_own_doors(product, till):
    cashier = Person(product, "kari")
    assert_clear(cashier.pos.get("/pos/api/users"), 403)
    assert_clear(cashier.pos.post("/pos/api/vipps-agreements", {"displayName": "Mine"}), 403)
    assert_clear(cashier.finance.post("/financial/api/payment-options", {"name": "Mine"}), 403)
    for service in ("pos", "vipps", "financial", "notifications"):
        name = {"pos": "pos-service", "vipps": "vipps-gateway", "financial": "financial-service",
                "notifications": "notification-relay"}[service]
        door = Client(product.url(name))
        assert_clear(door.get(f"/{service}/operator/bus"), 401)
        door.session = cashier.pos.session
        assert_clear(door.get(f"/{service}/operator/bus"), 403)
    stranger = Client(product.url("pos-service"))
    assert_clear(stranger.get("/pos/api/sales"), 401)
    stranger.session = till.pos.session[:-4] + "AAAA"
    assert_clear(stranger.get("/pos/api/sales"), 401)


def test_an_unsafe_request_without_the_token_is_refused(till):
    answer = till.pos.post("/pos/api/sales", {"commandID": UNKNOWN}, headers={"X-CSRF-Token": "guess"})
    assert_clear(answer, 403)
    answer = till.pos.post("/pos/api/sales", {"commandID": UNKNOWN}, headers={"Origin": "https://elsewhere.example"})
    assert_clear(answer, 403)


def test_guessing_passwords_is_slowed_down(product):
    door = Client(product.url("pos-service"))
    answers = [door.post("/pos/api/session", {"userName": "nobody-here", "password": f"guess{number}",
                                              "tenant": tenant(0)["id"]}) for number in range(25)]
    assert {answer.status for answer in answers} == {401, 429}, [answer.status for answer in answers]


def test_no_service_called_any_of_it_its_own_mistake(product):
    for service in product.services:
        assert " status=500" not in product.log(service), service
