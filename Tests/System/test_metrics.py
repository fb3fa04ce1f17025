"""What a machine that watches the four services reads at /metrics after one sale."""

import re

import pytest

from launcher.waiting import wait_until
from launcher.web import Client

from drills.till import PATIENCE, Person, Till, Vipps, checked

STREAMS = {
    "pos-service": {"finance.payment-options", "notifications.mail", "payments.check-ins", "payments.payments",
                    "payments.setup"},
    "vipps-gateway": {"pos.payment-commands", "pos.sessions", "pos.setup"},
    "financial-service": {"payments.payments", "pos.sales", "pos.sessions"},
    "notification-relay": {"finance.views", "pos.sales", "pos.sessions", "pos.views"},
}
"""The streams each service hears."""
ROUTES = {
    "pos-service": ("POST", "/pos/api/sales/{saleID}/commands"),
    "vipps-gateway": ("POST", "/vipps/webhooks/{token}"),
    "financial-service": ("GET", "/financial/api/payments/{paymentID}/events"),
    "notification-relay": ("GET", "/notifications/api/mails"),
}
"""A route of each that the sale makes use of, or the test."""


def figures(product, service: str) -> dict[tuple, float]:
    """Every sample of /metrics: its name and labels, and its value."""
    answer = Client(product.url(service)).get("/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
            found[name, *sorted(re.findall(r'(\w+)="([^"]*)"', labels or ""))] = float(value)
    return found


def of(found: dict[tuple, float], name: str, label: str) -> dict[str, float]:
    """One label's values of a figure, summed over the others."""
    sums: dict[str, float] = {}
    for (told, *labels), value in found.items():
        if told == name:
            word = dict(labels)[label]
            sums[word] = sums.get(word, 0) + value
    return sums


@pytest.fixture(scope="module")
def sold(product):
    """The first sale of this product, paid with Vipps and completed."""
    till, vipps = Till(product), Vipps(product)
    sale = till.sale()
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    return payment


def test_operations_are_counted_by_result(product, sold):
    counted = {(dict(labels)["operation"], dict(labels)["result"]): value for (name, *labels), value
               in figures(product, "vipps-gateway").items() if name == "gateway_operations_total"}
    assert counted["create", "answered"] == 1 and counted["capture", "answered"] == 1
    assert counted["get", "answered"] >= 1
    assert {operation for operation, _ in counted} <= {"create", "get", "events", "capture"}


@pytest.mark.parametrize("service", STREAMS)
def test_every_stream_has_its_lag_and_it_is_none(product, sold, service):
    assert set(of(figures(product, service), "bus_lag", "stream")) == STREAMS[service]
    wait_until(lambda: set(of(figures(product, service), "bus_lag", "stream").values()) == {0}, PATIENCE, "no lag")


def test_a_stream_that_waits_lags_until_it_is_applied(product, sold):
    def lag() -> float:
        return of(figures(product, "financial-service"), "bus_lag", "stream")["payments.payments"]

    finance, operator = Client(product.url("financial-service")), Person(product, "operator")
    finance.session = operator.pos.session
    checked(finance.post("/financial/operator/bus/hold", {"seconds": 120}))
    try:
        sale = Till(product).sale()
        payment = sale.pay()
        Vipps(product).decline(payment["reference"])
        sale.wait_payment(payment["id"], "aborted")
        wait_until(lambda: lag() >= 3, PATIENCE, "what is told of the payment to wait")
    finally:
        checked(finance.post("/financial/operator/bus/release"))
    wait_until(lambda: lag() == 0, PATIENCE, "it to be applied")


@pytest.mark.parametrize("service", ROUTES)
def test_requests_are_counted_by_route(product, sold, service):
    method, route = ROUTES[service]
    till = Till(product)

    def counted() -> float:
        return sum(value for (name, *labels), value in figures(product, service).items()
                   if name == "http_requests_total" and ("method", method) in labels and ("route", route) in labels)

    before = counted()
    if service in ("financial-service", "notification-relay"):
        visitor = Client(product.url(service))
        visitor.session = till.pos.session
        assert visitor.get(route.replace("{paymentID}", sold["id"])).status == 200
        assert counted() == before + 1
    assert counted() >= 1
    assert not [name for name in figures(product, service) if sold["id"] in str(name)], "an identifier is no route"


def test_payments_are_counted_by_state(product, sold):
    """They are counted at every sweep, once a minute and at a start."""
    product.restart("vipps-gateway")

    def counted():
        states = of(figures(product, "vipps-gateway"), "gateway_payments", "state")
        return states if sum(states.values()) else None

    states = wait_until(counted, PATIENCE, "the payments to be counted")
    declined = len(Vipps(product).get("/payments?state=ABORTED"))
    assert states == {"requested": 0, "created": 0, "authorized": 0, "captured": 1, "aborted": declined, "expired": 0,
                      "terminated": 0, "released": 0, "failed": 0}
