"""The guide from row 1 to row 15, as a stranger follows it with the shop's own pages and a phone: a shop of its own is set
up from nothing, sells, is paid and pays back. In English and in bokmål. Then what goes wrong on the way, row by row."""

import re
import sqlite3
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from launcher import demo
from looks import Looks
from test_tour import ADMINISTRATOR, OPERATOR, button
from till import MANUAL

LANGUAGES = pytest.mark.parametrize("language", ["en", "nb"])


@LANGUAGES
def test_stranger_follows_the_guide(open_till, product, language):
    msn, shop = {"en": ("778101", "Harbour"), "nb": ("778102", "Brygga")}[language]
    office, till = open_till(**ADMINISTRATOR, language=language), open_till(till=None, language=language)
    page, word = office.page, office.word
    office.control.call("POST", "sales-units", {"msn": msn, "name": shop, "market": "NO"})
    norway = next(keys for keys in office.control.call("GET", "key-sets") if keys["id"] == "norway")
    office.control.call("PATCH", "key-sets/norway", {"msns": [*norway["msns"], msn]})

    # 1: a payment option with a button of its own
    option = f"{shop}Pay"
    page.goto(f"{product.base_url}/financial/app/#/incoming-payment-options")
    button(page, word("options.create")).click()
    button(office.dialog, word("generic.save")).click()
    expect(office.dialog).to_be_visible()  # A name is needed.
    office.dialog.get_by_label(word("options.name")).fill("Kontant")
    office.dialog.get_by_label(word("options.type")).select_option(label=word("paymentKind.vipps"))
    office.dialog.get_by_label(word("options.quickAccess")).check()
    button(office.dialog, word("generic.save")).click()
    expect(page.locator("#payment-option-name-error")).not_to_be_empty()
    office.dialog.get_by_label(word("options.name")).fill(option)
    button(office.dialog, word("generic.save")).click()
    expect(office.dialog).to_have_count(0)

    # 2: an agreement, its keys, and whether Vipps accepts them
    office.go("vipps-agreements")
    button(page, word("agreements.create")).click()
    office.dialog.get_by_label(word("agreements.displayName")).fill(f"Vipps {shop}")
    office.dialog.locator("summary").click()
    keys = demo.keys("norway")
    for label, name in (("clientID", "clientID"), ("clientSecret", "clientSecret"), ("subscriptionKey", "subscriptionKey")):
        office.dialog.get_by_label(word(f"agreements.{label}")).fill(keys[name])
    button(office.dialog, word("generic.save")).click()
    expect(office.dialog).to_have_count(0)
    page.get_by_role("link", name=f"Vipps {shop}").click()
    expect(page.locator("#agreement-name")).to_have_text(f"Vipps {shop}")
    expect(page.locator("#agreement")).to_contain_text(word("agreements.needsSalesUnit"))

    # 4: its sales unit
    office.go("vipps-sales-units")
    button(page, word("salesUnits.create")).click()
    office.dialog.get_by_label(word("salesUnits.unit")).select_option(label="Oslo, Grünerløkka")
    office.dialog.get_by_label(word("salesUnits.displayName")).fill(f"Fjellheim {shop}")
    office.dialog.get_by_label(word("salesUnits.agreement")).select_option(label=f"Vipps {shop}")
    office.dialog.get_by_label(word("salesUnits.msn")).fill(msn)
    button(office.dialog, word("generic.save")).click()
    expect(office.dialog).to_have_count(0)
    expect(page.locator("#sales-units")).to_contain_text(msn)

    # 5: its codes, which nobody hears yet
    page.get_by_role("button", name=f"{word('salesUnits.qrs')} Fjellheim {shop}").click()
    button(office.dialog, word("qrs.sync")).click()
    expect(office.dialog.get_by_role("status").first).to_contain_text(word("qrs.synced", time=""))
    button(office.dialog, word("qrs.create")).click()
    office.dialog.get_by_label(word("qrs.location")).fill(f"Disk {shop}")
    button(office.dialog, word("generic.save")).click()
    button(office.dialog, word("qrs.convert")).click()
    office.dialog.get_by_label(word("qrs.beaconID")).fill("77")
    office.dialog.get_by_label(word("qrs.location")).fill(f"Gammel {shop}")
    button(office.dialog, word("generic.save")).click()
    expect(page.locator("#qr-beacon-error")).to_have_text(word("invalid.not-a-beacon"))
    office.dialog.get_by_label(word("qrs.beaconID")).fill("778101000000001" if language == "en" else "778102000000002")
    button(office.dialog, word("generic.save")).click()
    for place in (f"Disk {shop}", f"Gammel {shop}"):
        expect(office.dialog.get_by_role("button", name=f"{word('qrs.image')} {place}")).to_be_visible()
    office.dialog.get_by_role("button", name=f"{word('qrs.image')} Disk {shop}").click()
    expect(office.dialog.get_by_role("img", name=word("qrs.imageAlt", name=f"Disk {shop}"))).to_be_visible()
    button(office.dialog, word("generic.back")).click()
    expect(page.locator("#qrs-unheard")).to_contain_text(word("qrs.noWebhook"))
    page.keyboard.press("Escape")
    unheard = page.locator("#sales-units tr", has_text=msn).get_by_text(word("qrs.noWebhookChip"))
    expect(unheard).to_be_visible()

    # 3: the webhook, and now they are heard
    office.go("vipps-agreements")
    page.get_by_role("link", name=f"Vipps {shop}").click()
    button(page, word("agreements.checkKeys")).click()
    expect(page.locator("#keys-check .chip.good")).to_be_visible()
    button(page, word("agreements.registerWebhook")).click()
    expect(page.locator("#webhooks .chip.good")).to_have_count(2)
    expect(page.locator("#webhooks")).to_contain_text(word("agreements.noDelivery"))
    expect(button(page, word("agreements.registerAgain"))).to_be_visible()
    office.go("vipps-sales-units")
    expect(page.locator("#sales-units")).to_contain_text(msn)
    expect(unheard).to_have_count(0)

    # 6: a till of its own, its profile, and the session's choice
    office.go("agentInstances")
    button(page, word("tills.create")).click()
    office.dialog.get_by_label(word("tills.name"), exact=True).fill(f"Kasse {shop}")
    office.dialog.get_by_label(word("tills.unit")).select_option(label="Oslo, Grünerløkka")
    button(office.dialog, word("generic.save")).click()
    page.get_by_role("link", name=re.compile(f"Kasse {shop}")).click()
    page.locator("#agent-profiles").get_by_role("button", name=word("generic.edit")).first.click()
    office.dialog.get_by_label(word("tills.salesUnit")).select_option(label=f"Fjellheim {shop} ({msn})")
    expect(office.dialog.get_by_label(word("tills.qr"))).to_be_enabled()
    office.dialog.get_by_label(word("tills.qr")).select_option(label=f"Disk {shop}")
    button(office.dialog, word("generic.save")).click()
    expect(office.dialog).to_have_count(0)
    expect(page.locator("#agent-profiles")).to_contain_text(f"Disk {shop}")
    till.choose_till(f"Kasse {shop}")

    # 7: a sale; 1 once more: only what is enabled reaches the till, at once
    number = till.start_sale("Espresso", "Brownie")
    buttons = till.sale.locator(".pay-buttons")
    row = page.locator("#payment-options tr", has_text=option)
    page.goto(f"{product.base_url}/financial/app/#/incoming-payment-options")
    switch = row.locator("[id^=switch]")
    expect(switch).to_be_visible()
    if switch.inner_text() == word("generic.disable"):
        switch.click()
        expect(switch).to_have_text(word("generic.enable"))
    expect(buttons.get_by_role("link", name=option)).to_have_count(0)
    switch.click()
    expect(row).to_contain_text(word("generic.enabled"))

    # 8 and 9: a part, with the invoice by mail, to a customer who scans the till's code
    buttons.get_by_role("link", name=option).click()
    till.page.get_by_label(word("pay.amount"), exact=True).fill("50,00")
    till.page.get_by_text(word("pay.emailInvoice")).click()
    till.page.get_by_label(word("pay.email")).fill("kunde@example.com")
    button(till.stage, word("pay.pay")).click()
    expect(till.dialog).to_contain_text(f"Disk {shop}")
    code = next(one for one in office.control.call("GET", "state")["qrs"] if one["msn"] == msn
                and one["locationDescription"] == f"Disk {shop}")
    till.control.scan("47" + MANUAL, msn=msn, merchantQrId=code["merchantQrId"])
    expect(till.dialog).to_have_count(0)

    # 10 and 11: who is waited for, and an abort
    till.expect_stage(word("wait.forCustomer"))
    expect(till.stage.locator("[aria-current=step]")).to_have_text(word("wait.customer"))
    expect(till.stage.locator(".ring-text [role=timer]")).to_have_text(re.compile(r"^(10|9):\d\d$"))
    button(till.stage, word("wait.abort")).click()
    till.expect_stage(word("result.aborted"))

    # 12: the part again, then the rest
    button(till.stage, word("result.again")).click()
    till.page.get_by_label(word("pay.amount"), exact=True).fill("50,00")
    button(till.stage, word("pay.pay")).click()
    till.identify()
    till.expect_stage(word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(word("result.partPaid"))
    button(till.stage, word("result.rest")).click()
    button(till.stage, word("pay.pay")).click()
    till.identify()
    till.expect_stage(word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(word("result.paid"))
    expect(till.stage).to_contain_text(word("result.paidText", number=number))

    # 13 and 14: found again, and its log
    till.go("processed-sales")
    till.page.locator("#search").fill(number)
    expect(till.page.locator("#rows tbody tr")).to_have_count(1)
    till.page.get_by_role("link", name=f"{word('generic.view')} {number}").click()
    till.page.get_by_role("button", name=word("view.openLog")).last.click()
    log = till.page.locator(".event-log")
    for event in ("created", "authorized", "captured"):
        expect(log).to_contain_text(word(f"log.events.{event}"))
    expect(log).to_contain_text("HTTP 200")
    log.locator("li", has_text="HTTP 200").last.locator("summary").click()
    expect(log.locator("details[open]")).to_contain_text(word("log.traceID"))

    # 15: one thing comes back
    button(till.page, word("refund.refund")).click()
    till.dialog.get_by_role("checkbox", name=re.compile("Espresso")).check()
    button(till.dialog, word("refund.refund")).click()
    expect(till.sale).to_contain_text(word("sale.returnOf", number=number))
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name=word("refund.original")).first.click()
    till.dialog.get_by_label(word("refund.amount")).fill("35")
    button(till.dialog, word("generic.ok")).click()
    expect(till.sale.locator(".result.good")).to_be_visible()
    books = till.control.books(msn)
    assert (books["captured"], books["refunded"]) == (8400, 3500)

    switch.click()  # The other walks have one Vipps button.
    expect(row).to_contain_text(word("generic.disabled"))


@LANGUAGES
def test_push_that_vipps_refuses_becomes_a_code_by_itself(open_till, language):
    """5080: the sales unit may not send payments to phones. The till says so and shows a one-time code."""
    till = open_till(language=language)
    till.control.call("PATCH", "sales-units/123456", {"pushApproved": False})
    try:
        till.start_sale("Iskaffe")
        till.pay_with("Vipps")
        till.identify()
        expect(till.stage).to_contain_text(till.word("identify.pushRefused"))
        expect(till.stage.locator(".qr img")).to_be_visible()
        till.picture("fallback")
        till.control.scan("47" + MANUAL, qrContent=_drawn_code(till))
        till.control.act("47" + MANUAL, "approve")
        till.expect_stage(till.word("result.paid"))
    finally:
        till.control.call("PATCH", "sales-units/123456", {"pushApproved": True})


@LANGUAGES
@pytest.mark.parametrize(("price", "code"), [("1,23", "5100"), ("1,24", "6220")])
def test_refund_that_vipps_refuses_says_why(open_till, language, price, code):
    till = open_till(language=language)
    till.start_sale("Espresso")
    till.sale.get_by_role("button", name=till.word("sale.editLine", name="Espresso")).click()
    till.dialog.get_by_label(till.word("sale.unitPrice")).fill(price)
    button(till.dialog, till.word("generic.save")).click()
    expect(till.sale.locator(".totals .grand")).to_contain_text(re.compile(price.replace(",", "[.,]")))
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.paid"))
    till.stage.get_by_role("link", name=till.word("result.viewSale")).click()
    button(till.page, till.word("refund.refund")).click()
    button(till.dialog, till.word("refund.selectAll")).click()
    button(till.dialog, till.word("refund.refund")).click()
    till.sale.locator(".pay-buttons").get_by_role("button", name="Vipps").click()
    button(till.dialog, till.word("generic.ok")).click()
    expect(till.sale.get_by_role("alert")).to_contain_text(till.word(f"vipps.{code}", brand="Vipps"))
    expect(till.sale).to_contain_text(till.word("refund.unchanged"))
    expect(till.sale.locator(".line.return")).to_have_count(1)
    till.abandon()


@LANGUAGES
def test_phone_numbers_are_read_as_people_say_them(open_till, language):
    """Country codes, zeros, spaces, neighbours; and what is no number of these countries is refused at the field."""
    till = open_till(language=language)
    till.start_sale("Espresso")
    for typed, phone in (("+47 912 34 567", "4791234567"), ("0047 91 23 45 67", "4791234567"),
                         ("46701234567", "46701234567"), ("+46 70-123 45 67", "46701234567")):
        till.pay_with("Vipps")
        till.identify("+44 20 7946 0000")
        expect(till.page.locator("#phone-error")).to_have_text(till.word("invalid.not-a-phone-number"))
        till.identify(typed)
        till.expect_stage(till.word("wait.forCustomer"))
        expect(till.stage).to_contain_text(phone[-2:])
        till.control.act(phone, "decline")
        till.expect_stage(till.word("result.declined"))
        till.go("new-sale")
    till.abandon()


def test_customer_is_faster_than_the_abort(open_till):
    """The abort loses: the sale completes, and the cashier is told why."""
    till = open_till()
    till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify("96789012")
    till.expect_stage("Waiting for the customer")
    button(till.stage, "Abort").click()
    till.expect_stage("Paid")


def test_other_way_of_identification_without_a_new_sale(open_till):
    till = open_till()
    number = till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify("46701234567")
    till.expect_stage("Waiting for the customer")
    button(till.stage, till.word("wait.otherWay")).click()
    expect(till.dialog).to_be_visible()
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    expect(till.stage).to_contain_text(f"Sale {number} is completed.")


@LANGUAGES
def test_processed_sales_are_found_by_day_state_till_and_kind(open_till, language):
    till = open_till(till="Kasse 2", language=language)
    page, word = till.page, till.word
    number = till.start_sale("Rundstykke")
    till.pay_with("Kontant")
    button(till.stage, word("pay.cashExact")).click()
    till.expect_stage(word("result.paid"))
    till.go("processed-sales")
    row = page.locator("#rows tr", has_text=number)
    expect(row).to_be_visible()
    for label, fitting, other in (("state", word("saleState.completed"), word("saleState.parked")),
                                  ("till", "Kasse 2", "Kasse Bergen"),
                                  ("kind", word("paymentKind.cash"), word("paymentKind.vipps"))):
        chosen = page.get_by_label(word(f"processed.{label}"), exact=True)
        chosen.select_option(label=other)
        expect(row).to_have_count(0)
        chosen.select_option(label=fitting)
        expect(row).to_be_visible()
    day = page.get_by_label(word("processed.day"))
    day.fill((date.today() - timedelta(days=300)).isoformat())
    expect(page.locator("#rows")).to_contain_text(word("processed.emptyText"))
    day.fill("")
    expect(row).to_be_visible()


def test_operator_retries_a_dead_letter(open_till, product):
    """The books refuse an entry: the message becomes a dead letter, the sale is completed all the same, and once the cause
    is mended an operator's press takes the message in."""
    books = product.database_path("financial-service")

    def rule(sql: str) -> None:
        with sqlite3.connect(books, timeout=30) as database:
            database.execute(sql)
        database.close()

    def entries() -> int:
        database = sqlite3.connect(books, timeout=30)
        try:
            return database.execute("SELECT count(*) FROM ledger_entry WHERE minor_units = 6900").fetchone()[0]
        finally:
            database.close()

    before = entries()
    rule("CREATE TRIGGER full BEFORE INSERT ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the book is full'); END")
    try:
        till = open_till()
        till.start_sale("Fjellbrød")
        till.pay_with("Kontant")
        button(till.stage, "Exact amount").click()
        till.expect_stage("Paid")
        operator = open_till(**OPERATOR)
        looks = Looks(operator)
        operator.go("operations")
        letter = operator.page.locator("#dead tbody tr")
        expect(letter).to_have_count(1, timeout=60_000)
        expect(letter).to_contain_text("financial-service")
        looks.look("dead-letter")
        letter.get_by_role("button", name="Retry").click()  # Too early: it is refused and stays.
        expect(operator.page.locator(".toast.bad")).to_be_visible()
        expect(letter).to_have_count(1)
        letter.get_by_role("button", name="Drop").click()
        expect(operator.dialog).to_be_visible()
        looks.look("drop-question")
        button(operator.dialog, "Cancel").click()
        assert entries() == before
    finally:
        rule("DROP TRIGGER IF EXISTS full")
    letter.get_by_role("button", name="Retry").click()
    expect(letter).to_have_count(0)
    expect(operator.page.get_by_text("No dead letters.")).to_be_visible()
    assert entries() == before + 1
    looks.report()


def _drawn_code(till) -> str:
    """What stands in the one-time code on the screen, as the till's own interface tells it."""
    sale = till.page.url.split("#/payment/")[1].split("?")[0]
    told = till.page.evaluate("sale => fetch(`/pos/api/sales/${sale}`).then(answer => answer.json())", sale)
    return next(payment["qrContent"] for payment in reversed(told["payments"]) if payment.get("qrContent"))
