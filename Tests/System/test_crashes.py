"""Each service killed with -9 at ten and more moments of a payment: before and after each commit, each send and each call,
from [Pay] to the mail sent. The sale still ends completed, the money is captured exactly once, and one mail arrives.

A moment with `:2` is its second passing. Moments of one transaction that pass at the same point of it are named once."""

import json

import pytest

from launcher.waiting import wait_until
from launcher.web import Client

from drills.books import assert_books_agree, captures
from crashing import killed_at
from drills.till import PATIENCE, checked, new_id, nok

OF_A_PAYMENT = {
    "vipps-gateway": [
        "bus.apply.before-commit.pos.payment-commands",
        "bus.apply.after-commit.pos.payment-commands",
        "gateway.create.before-call",
        "gateway.create.after-call",
        "gateway.create.before-commit",
        "gateway.create.after-commit",
        "bus.publish.before.payments.payments",
        "bus.publish.after.payments.payments",
        "gateway.events.before-call",
        "gateway.events.after-call",
        "gateway.events.before-commit",
        "gateway.events.after-commit",
        "gateway.webhook.before-commit",
        "gateway.webhook.after-commit",
        "gateway.get.before-call",
        "gateway.get.after-call",
        "gateway.get.before-commit",
        "gateway.get.after-commit",
        "gateway.capture.before-call",
        "gateway.capture.after-call",
        "gateway.capture.before-commit",
        "gateway.capture.after-commit",
        "gateway.webhook.before-commit:2",
        "gateway.webhook.after-commit:2",
    ],
    "pos-service": [
        "pos.start-payment.before-commit",
        "pos.start-payment.after-commit",
        "bus.publish.before.pos.payment-commands",
        "bus.publish.after.pos.payment-commands",
        "bus.publish.before.pos.views",
        "bus.publish.after.pos.views",
        "bus.apply.before-commit.payments.payments",
        "bus.apply.after-commit.payments.payments",
        "bus.apply.before-commit.payments.payments:2",
        "bus.apply.after-commit.payments.payments:2",
        "pos.payment-captured.before-commit",
        "pos.payment-captured.after-commit",
        "bus.publish.before.pos.sales",
        "bus.publish.after.pos.sales",
        "bus.apply.before-commit.notifications.mail",
        "bus.apply.after-commit.notifications.mail",
    ],
    "financial-service": [
        "bus.apply.before-commit.payments.payments",
        "bus.apply.after-commit.payments.payments",
        "bus.publish.before.finance.views",
        "bus.publish.after.finance.views",
        "bus.apply.before-commit.payments.payments:2",
        "bus.apply.after-commit.payments.payments:2",
        "finance.ledger.before-commit",
        "finance.ledger.after-commit",
        "bus.publish.before.finance.ledger",
        "bus.publish.after.finance.ledger",
        "bus.apply.before-commit.pos.sales",
        "bus.apply.after-commit.pos.sales",
    ],
    "notification-relay": [
        "bus.apply.before-commit.pos.views",
        "bus.apply.after-commit.pos.views",
        "bus.apply.before-commit.finance.views",
        "bus.apply.after-commit.finance.views",
        "relay.mail.before-enqueue-commit",
        "bus.apply.after-commit.pos.sales",
        "relay.mail.before-send",
        "relay.mail.before-hand-over",
        "relay.mail.handing-over",
        "relay.mail.after-send",
        "relay.mail.after-conclude",
        "bus.publish.before.notifications.mail",
        "bus.publish.after.notifications.mail",
    ],
}

IN_DOUBT = {"relay.mail.handing-over": 0, "relay.mail.after-send": 1}
"""Handed over, and the server's answer is not on disk: how many mails there are. The doubt is told and nothing is sent
again (decision 0004)."""

OF_A_REFUND = {
    "pos-service": ["bus.publish.before.pos.payment-commands", "bus.apply.before-commit.payments.payments"],
    "vipps-gateway": [
        "gateway.refund.before-call",
        "gateway.refund.after-call",
        "gateway.refund.before-commit",
        "gateway.refund.after-commit",
    ],
    "financial-service": ["finance.ledger.before-commit"],
}

OF_AN_ABORT = {
    "vipps-gateway": [
        "gateway.cancel.before-call",
        "gateway.cancel.after-call",
        "gateway.cancel.before-commit",
        "gateway.cancel.after-commit",
    ],
}


@pytest.fixture(autouse=True)
def webhooks_come_again_soon(product):
    """Vipps repeats a lost webhook after two seconds three times and then after a minute: too long to wait for."""
    checked(Client(product.simulator_url).request("PATCH", "/control/settings", {"webhookBackoffScale": 0.4}))


def named(moments: dict[str, list[str]]) -> list:
    return [pytest.param(service, moment, id=f"{service} at {moment}")
            for service, names in moments.items() for moment in names]


def test_every_service_has_ten_moments():
    for service, moments in OF_A_PAYMENT.items():
        assert len(set(moments)) == len(moments) >= 10, service


@pytest.mark.parametrize("service, moment", named(OF_A_PAYMENT))
def test_a_payment_is_captured_once_and_its_sale_completes_by_itself(product, till, vipps, service, moment):
    sale = till.sale()
    address = f"{new_id()}@example.com"
    with killed_at(product, service, moment):
        payment = sale.pay(invoiceEmail=address)
        vipps.wait_asked(payment["reference"])
        sale.wait_payment(payment["id"], "at-vipps")
        vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert len(captures(vipps, payment["reference"])) == 1
    assert_books_agree(sale, vipps)
    assert_mailed(product, sale, address, moment)


def assert_mailed(product, sale, address: str, moment: str) -> None:
    """One mail has come and the sale knows it; or the doubt is told to the sale and to whoever looks after mails."""
    def outcome():
        state = sale.insist_look().get("invoiceMail")
        return state if state in ("mailed", "failed") else None

    told = wait_until(outcome, PATIENCE, "the sale to know of its mail")
    mails = Client(product.mail_url, timeout=30).get("/messages.json").json()
    count = sum(address in json.dumps(mail) for mail in mails)
    if moment not in IN_DOUBT:
        assert (told, count) == ("mailed", 1)
        return
    assert (told, count) == ("failed", IN_DOUBT[moment])
    relay = Client(product.url("notification-relay"))
    relay.session = sale.till.pos.session
    listed = checked(relay.get("/notifications/api/mails?state=in-doubt")).json()["mails"]
    assert [mail["saleID"] for mail in listed].count(sale.id) == 1


@pytest.mark.parametrize("service, moment", named(OF_A_REFUND))
def test_a_refund_goes_back_exactly_once(product, till, vipps, service, moment):
    sale = till.sale("1001", "1002")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)
    with killed_at(product, service, moment):
        sale.command("refund-payment", paymentID=payment["id"], amount=nok(1100), reason="stale bun")

    def refunded():
        try:
            return sale.payment(payment["id"])["refunded"]["minorUnits"] == 1100
        except OSError:
            return None

    wait_until(refunded, PATIENCE, "the refund")
    assert_books_agree(sale, vipps)
    refunds = [event for event in vipps.payment(payment["reference"])["events"] if event["name"] == "REFUNDED"]
    assert len(refunds) == 1


@pytest.mark.parametrize("service, moment", named(OF_AN_ABORT))
def test_an_abort_ends_with_no_money_moved(product, till, vipps, service, moment):
    sale = till.sale()
    with killed_at(product, service, moment):
        payment = sale.pay()
        vipps.wait_asked(payment["reference"])
        sale.command("abort-payment", paymentID=payment["id"])
    sale.wait_payment(payment["id"], "terminated")
    assert sale.look()["state"] == "open"
    assert_books_agree(sale, vipps)


def test_all_four_services_killed_at_once_in_the_middle_of_a_payment(product, till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    for service in product.services:
        product.kill(service)
    vipps.post("/customers/4791234567/approve", {"reference": payment["reference"]})
    for service in product.services:
        product.start_service(service)
    product.wait_ready(*product.services, seconds=PATIENCE)
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)
