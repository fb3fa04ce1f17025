"""A Vipps payment, end to end, through the four real services."""

import json

from launcher.waiting import wait_until
from launcher.web import Client

from drills.books import assert_books_agree, captures
from drills.till import KARI, PATIENCE, Person, Till, nok


def test_is_approved_captured_and_completes_the_sale_by_itself(till, vipps):
    sale = till.sale("1001", "1002")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    done = sale.wait_state("completed")
    assert done["due"]["minorUnits"] == 0
    assert sale.payment(payment["id"])["state"] == "captured"
    assert len(captures(vipps, payment["reference"])) == 1
    assert_books_agree(sale, vipps)


def test_tells_the_customer_shop_and_sale(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    at_vipps = vipps.payment(payment["reference"])
    shown = at_vipps.get("paymentDescription") or at_vipps.get("description")
    assert shown == f"Fjellheim Kaffe & Bakeri: payment for sale {sale.look()['identifier']}"
    sale.command("abort-payment", paymentID=payment["id"])
    sale.wait_payment(payment["id"], "terminated")


def test_is_shown_masked_and_never_written_readable(product, till, vipps):
    sale = till.sale()
    payment = sale.pay("+47 912 34 567")
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert payment["identification"]["mask"].endswith("567")
    assert "91234567" not in json.dumps(sale.look())
    for service in product.services:
        assert "91234567" not in product.log(service), service
        for suffix in ("", "-wal"):
            path = product.database_path(service).with_name(product.database_path(service).name + suffix)
            assert not path.exists() or b"91234567" not in path.read_bytes(), path


def test_that_is_aborted_leaves_the_sale_to_be_paid_again(till, vipps):
    sale = till.sale()
    first = sale.pay()
    vipps.wait_asked(first["reference"])
    sale.command("abort-payment", paymentID=first["id"])
    sale.wait_payment(first["id"], "terminated")
    assert sale.look()["state"] == "open"
    second = sale.pay()
    assert second["reference"] != first["reference"]
    vipps.approve(second["reference"])
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)


def test_that_the_customer_declines_leaves_the_sale_open(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.decline(payment["reference"])
    sale.wait_payment(payment["id"], "aborted")
    assert sale.look()["state"] == "open"
    assert_books_agree(sale, vipps)


def test_to_a_number_without_vipps_fails_with_the_code(till, vipps):
    sale = till.sale()
    payment = sale.pay("90 00 00 00")
    failed = sale.wait_payment(payment["id"], "failed")
    assert failed["failure"]["code"] == "7010"
    assert sale.look()["state"] == "open"


def test_of_a_part_leaves_the_rest_to_cash(till, vipps):
    sale = till.sale("1001", "1001")
    total = sale.look()["total"]["minorUnits"]
    payment = sale.pay(amount=nok(1000))
    vipps.approve(payment["reference"])
    sale.wait_payment(payment["id"], "captured")
    assert sale.look()["due"]["minorUnits"] == total - 1000
    done = sale.command("pay-cash", paymentOptionID=till.cash, received=nok(total))
    assert done["state"] == "completed"
    assert done["payments"][-1]["change"]["minorUnits"] == 1000
    assert_books_agree(sale, vipps)


def test_starts_by_itself_when_the_customer_scans_the_code_of_the_till(product, vipps):
    till = Till(product, number=1)
    sale = till.sale()
    waiting = sale.command("start-payment", paymentOptionID=till.vipps)["payments"][-1]
    assert waiting["state"] == "awaiting-identification"
    scan = vipps.post(f"/customers/{KARI}/scan", {"msn": "123456", "merchantQrId": till.code["merchantQRID"]})
    assert scan["status"] == "waiting"
    started = sale.wait_payment(waiting["id"], "requested", "at-vipps")
    vipps.approve(started["reference"])
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)


def test_uses_a_check_in_that_came_first(product, vipps):
    till = Till(product, number=1)
    vipps.post(f"/customers/{KARI}/scan", {"msn": "123456", "merchantQrId": till.code["merchantQRID"]})
    check_in = wait_until(lambda: till.get("/pos/api/check-ins")["checkIns"], PATIENCE, "the check-in at the till")[0]
    sale = till.sale()
    payment = sale.command("start-payment", paymentOptionID=till.vipps,
                           identification={"type": "check-in", "checkInID": check_in["id"]})["payments"][-1]
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert till.get("/pos/api/check-ins")["checkIns"] == []


def test_has_its_event_log(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")

    def told():
        events = till.get(f"/financial/api/payments/{payment['id']}/events")["events"]
        names = {(event["origin"], event["name"]) for event in events}
        wanted = {("vipps", "CREATED"), ("vipps", "AUTHORIZED"), ("vipps", "CAPTURED"), ("gateway", "create"),
                  ("gateway", "capture")}
        return events if wanted <= names else None

    events = wait_until(told, PATIENCE, "the event log")
    capture = next(event for event in events if (event["origin"], event["name"]) == ("gateway", "capture"))
    assert capture["httpStatus"] == 200 and capture["idempotencyKey"]
    assert "4791234567" not in json.dumps(events)


def test_is_refunded_in_part_twice_and_never_beyond_what_is_left(till, vipps):
    sale = till.sale("1001", "1001", "1002")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    amount = sale.wait_state("completed")["total"]["minorUnits"]
    for part in (1000, 500):
        sale.command("refund-payment", paymentID=payment["id"], amount=nok(part), reason="stale bun")
    wait_until(lambda: sale.payment(payment["id"])["refunded"]["minorUnits"] == 1500, PATIENCE, "both refunds")
    too_much = sale.refused("refund-payment", paymentID=payment["id"], amount=nok(amount), reason="all of it")
    assert too_much.status == 409 or too_much.status == 422, too_much.text
    assert_books_agree(sale, vipps)


def test_is_refunded_along_itself_when_lines_are_returned(till, vipps):
    sale = till.sale("1001", "1002")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    line = sale.wait_state("completed")["lines"][0]
    returned = sale.command("return-lines", lines=[{"lineID": line["id"], "quantity": 1}])
    from drills.till import SaleAtTill
    back = SaleAtTill(till, returned["id"])
    back.command("refund-original-payment", paymentID=payment["id"], amount=line["total"])
    back.wait_state("completed")
    assert sale.payment(payment["id"])["refunded"] == line["total"]
    assert_books_agree(sale, vipps)


def test_refund_that_vipps_refuses_says_why_and_changes_nothing(till, vipps):
    sale = till.sale("1001")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    sale.command("refund-payment", paymentID=payment["id"], amount=nok(123), reason="refused by amount")
    failed = wait_until(lambda: next((refund for refund in sale.look()["refunds"] if refund["state"] == "failed"), None),
                        PATIENCE, "the refusal")
    assert failed["failure"]["code"]
    assert sale.payment(payment["id"])["refunded"]["minorUnits"] == 0
    assert_books_agree(sale, vipps)


def test_that_is_refunded_in_the_portal_is_noticed(till, vipps):
    sale = till.sale("1001")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    vipps.post("/portal/refund", {"msn": "123456", "reference": payment["reference"], "amount": 700})
    wait_until(lambda: sale.payment(payment["id"])["refunded"]["minorUnits"] == 700, PATIENCE, "the outside refund")
    assert sale.look()["refunds"][-1]["cause"] == "outside"
    assert_books_agree(sale, vipps)


def test_that_is_approved_after_its_sale_was_abandoned_goes_back(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    vipps.fault("approve-before-cancel", reference=payment["reference"])
    sale.command("abandon")
    sale.wait_payment(payment["id"], "released", "captured", "terminated")
    assert_books_agree(sale, vipps)
    aggregate = vipps.payment(payment["reference"])["aggregate"]
    assert aggregate["capturedAmount"]["value"] == aggregate["refundedAmount"]["value"]


def test_mails_its_invoice_once(product, till, vipps):
    mail = Client(product.mail_url, timeout=30)
    mail.request("DELETE", "/messages")
    sale = till.sale()
    payment = sale.pay(invoiceEmail="kunde@example.com")
    vipps.approve(payment["reference"])
    done = sale.wait_state("completed")
    messages = mail.get(f"/messages.json?count=1&timeout={int(PATIENCE)}").json()
    messages = messages["messages"] if isinstance(messages, dict) else messages
    assert len(messages) == 1
    assert done["identifier"] in json.dumps(messages[0])
    wait_until(lambda: sale.look().get("invoiceMail") == "mailed", PATIENCE, "the sale to know")


def test_belongs_to_its_tenant_alone(product, till, vipps):
    sale = till.sale()
    stranger = Person(product, "admin", tenant_index=1)
    for path in (f"/pos/api/sales/{sale.id}",):
        assert stranger.pos.get(path).status == 404
    assert stranger.pos.post(f"/pos/api/sales/{sale.id}/commands",
                             {"commandID": "7e0f5b8e-0d4c-4f3a-9f5e-000000000001", "type": "abandon"}).status == 404
    assert stranger.finance.get(f"/financial/api/sales/{sale.id}/ledger").json()["entries"] == []
    assert sale.look()["state"] == "open"


def test_asked_for_twice_by_an_impatient_finger_is_one(till, vipps):
    sale = till.sale()
    command_id = "7e0f5b8e-0d4c-4f3a-9f5e-" + sale.id.replace("-", "")[-12:]
    fields = {"paymentOptionID": till.vipps, "identification": {"type": "phone", "phoneNumber": KARI}}
    first = sale.command("start-payment", command_id, **fields)
    again = sale.command("start-payment", command_id, **fields)
    assert [payment["id"] for payment in again["payments"]] == [payment["id"] for payment in first["payments"]]
    vipps.approve(first["payments"][0]["reference"])
    assert len(sale.wait_state("completed")["payments"]) == 1
