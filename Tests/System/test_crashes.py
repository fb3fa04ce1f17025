"""Each service killed with -9 at ten named moments of a payment: the sale still ends completed with the money captured
exactly once."""

import pytest

from launcher.waiting import wait_until

from drills.books import assert_books_agree, captures
from crashing import killed_at
from drills.till import PATIENCE, nok

OF_A_PAYMENT = {
    "pos-service": [
        "pos.start-payment.before-commit",
        "pos.start-payment.after-commit",
        "bus.publish.before.pos.payment-commands",
        "bus.publish.after.pos.payment-commands",
        "bus.apply.before-commit.payments.payments",
        "bus.apply.after-commit.payments.payments",
        "pos.payment-captured.before-commit",
        "pos.payment-captured.after-commit",
        "pos.complete.before-commit",
        "pos.complete.after-commit",
        "bus.publish.before.pos.sales",
        "bus.publish.after.pos.views",
    ],
    "vipps-gateway": [
        "bus.apply.before-commit.pos.payment-commands",
        "bus.apply.after-commit.pos.payment-commands",
        "gateway.create.before-call",
        "gateway.create.after-call",
        "gateway.create.before-commit",
        "gateway.create.after-commit",
        "gateway.get.after-call",
        "gateway.capture.before-call",
        "gateway.capture.after-call",
        "gateway.capture.before-commit",
        "gateway.capture.after-commit",
        "bus.publish.before.payments.payments",
        "bus.publish.after.payments.payments",
    ],
    "financial-service": [
        "bus.apply.before-commit",
        "bus.apply.after-commit",
        "bus.apply.before-commit.payments.payments",
        "bus.apply.after-commit.payments.payments",
        "finance.event-log.before-commit",
        "finance.ledger.before-commit",
        "finance.ledger.after-commit",
        "bus.publish.before.finance.ledger",
        "bus.publish.after.finance.ledger",
        "bus.publish.before.finance.views",
    ],
    "notification-relay": [
        "bus.apply.before-commit",
        "bus.apply.after-commit",
        "bus.apply.before-commit.pos.views",
        "bus.apply.after-commit.pos.views",
        "bus.apply.before-commit.pos.sales",
        "bus.apply.after-commit.pos.sales",
        "relay.mail.before-enqueue-commit",
        "relay.mail.before-send",
        "relay.mail.after-send",
        "relay.mail.after-conclude",
    ],
}

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


def named(moments: dict[str, list[str]]) -> list:
    return [pytest.param(service, moment, id=f"{service} at {moment}")
            for service, names in moments.items() for moment in names]


@pytest.mark.parametrize("service, moment", named(OF_A_PAYMENT))
def test_a_payment_is_captured_once_and_its_sale_completes_by_itself(product, till, vipps, service, moment):
    with killed_at(product, service, moment):
        sale = till.sale()
        payment = sale.pay(invoiceEmail="kunde@example.com" if service == "notification-relay" else None)
        vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert len(captures(vipps, payment["reference"])) == 1
    assert_books_agree(sale, vipps)


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
    with killed_at(product, service, moment):
        sale = till.sale()
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
