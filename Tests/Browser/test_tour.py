"""Every page and every dialog once, in the order of the guide, looked at wide and narrow, light and dark: axe-core finds
nothing (WCAG 2.2 AA), nothing scrolls sideways, and a finger meets every target. In English and bokmål, and in Finnish,
whose words are the longest, on a touch screen."""

import re

import pytest
from playwright.sync_api import expect

from looks import Looks
from till import MANUAL

ADMINISTRATOR = {"user": "admin", "password": "surdeigsbrod", "till": None}
OPERATOR = {"user": "operator", "password": "fjernhjelp", "till": None}
DISPLAY = "/pos/display/f7e11b00-0003-4000-8000-00000000000"
"""The customer's screen of a till, its number apart."""


@pytest.fixture(params=["en", "nb", "fi"])
def walker(request, open_till):
    """Opens a browser in one of the languages with what looks at its pages; tells all that was found at the end."""
    language, opened = request.param, []

    def open_one(**who) -> Looks:
        is_finger = language == "fi"
        looks = Looks(open_till(language=language, touch=is_finger, **who), with_axe=not is_finger, with_targets=is_finger)
        opened.append(looks)
        return looks

    yield open_one
    for looks in opened:
        looks.report()


def button(scope, name: str):
    """The button of exactly this name, a shortcut behind it apart."""
    return scope.get_by_role("button", name=re.compile(rf"^{re.escape(name)}( F\d+| Esc)?$"))


def test_sign_in_and_pages_that_cannot_be_shown(walker):
    looks = walker(user=None)
    till, page = looks.till, looks.till.page
    till.go("processed-sales")
    expect(page.locator("#user")).to_be_visible()
    looks.look("sign-in")
    page.locator("#user").fill("kari")
    page.locator("#password").fill("wrong-password")
    button(page, till.word("signIn.submit")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks.look("sign-in-refused")
    till.sign_in("kari", "kanelbolle")
    for route, title in (("users", "error.forbidden"), ("sales/f7e11b00-0003-4000-8000-0000000000ff", "error.notFound")):
        till.go(route)
        expect(page.get_by_role("heading", name=till.word(title))).to_be_visible()
        looks.look(title)
    page.goto(f"{till.product.base_url}/no-such-page")
    expect(page.get_by_role("heading").first).to_be_visible()
    looks.look("front-door-not-found")


def test_sale_without_a_till(walker):
    """As somebody sees it who has never chosen one; a till that was chosen once is chosen at the next sign-in."""
    looks = walker(user="mette", password="wienerbroed", till=None)
    till, page = looks.till, looks.till.page
    till.go("new-sale")
    expect(till.sale.get_by_role("heading", name=till.word("sale.noTill"))).to_be_visible()
    looks.look("1-no-till")
    page.locator(".topbar .till").click()
    expect(till.dialog).to_be_visible()
    looks.look("2-choose-till")


def test_sale(walker):
    looks = walker()
    till, page = looks.till, looks.till.page
    till.start_sale()
    till.abandon()
    looks.look("3-ready")
    page.locator(".topbar summary").click()
    looks.look("4-account")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    button(page.locator(".bottombar"), till.word("frame.menu")).click()
    expect(page.locator(".places")).to_be_visible()
    looks.look("5-places")
    page.set_viewport_size({"width": 360, "height": 740})
    button(page.locator(".bottombar"), till.word("frame.menu")).click()
    till.start_sale()
    looks.look("6-empty-basket")
    page.locator("#find").fill("zzz")
    expect(page.locator("#products").get_by_role("status")).to_be_visible()
    looks.look("7-nothing-found")
    page.locator("#find").fill("")
    till.add("Espresso")
    till.add("Baguette med ost og skinke")
    looks.look("8-basket")
    till.sale.locator("summary").click()
    looks.look("9-menu")
    page.keyboard.press("Escape")
    till.sale.get_by_role("button", name=till.word("sale.editLine", name="Espresso")).click()
    till.dialog.get_by_label(till.word("sale.discount"), exact=True).fill("200")
    button(till.dialog, till.word("generic.save")).click()
    expect(page.locator("#line-discount-error")).not_to_be_empty()
    looks.look("10-line-refused")
    page.keyboard.press("Escape")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name=till.word("sale.abort")).click()
    expect(till.dialog).to_be_visible()
    looks.look("11-abandon")
    page.keyboard.press("Escape")
    till.scan("0000000000000")
    expect(page.locator(".toast.bad")).to_be_visible()
    looks.look("12-toast")
    till.sale.locator("summary").click()
    button(till.sale, till.word("park.park")).click()
    expect(till.in_hand).to_have_count(0)
    page.keyboard.press("F8")
    expect(till.dialog).to_be_visible()
    looks.look("13-parked")
    button(till.dialog, till.word("park.resume")).first.click()
    expect(till.in_hand).to_be_attached()
    till.abandon()


def test_payment(walker):
    looks = walker()
    till, page = looks.till, looks.till.page
    till.start_sale("Espresso", "Brownie")
    till.pay_with("Vipps", "500,00")
    page.get_by_text(till.word("pay.emailInvoice")).click()
    expect(page.locator("#pay-amount-error")).not_to_be_empty()
    looks.look("1-amount-refused")
    page.get_by_label(till.word("pay.amount"), exact=True).fill("50,00")
    page.get_by_label(till.word("pay.email")).fill("kunde@example.com")
    button(till.stage, till.word("pay.pay")).click()
    till.identify("12")
    expect(page.locator("#phone-error")).not_to_be_empty()
    looks.look("2-identify-refused")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.expect_stage(till.word("wait.forCustomer"))
    looks.look("3-waiting")
    button(till.stage, till.word("wait.abort")).click()
    till.expect_stage(till.word("result.aborted"))
    looks.look("4-aborted")
    till.go("new-sale")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    expect(till.sale).to_contain_text(till.word("identify.checkedIn"))
    looks.look("5-sale-with-check-in")
    till.pay_with("Vipps", "50,00")
    expect(till.dialog).to_contain_text(till.word("identify.checkedIn"))
    looks.look("6-identify-with-check-in")
    button(till.dialog, till.word("identify.discardCheckIn")).click()
    expect(till.dialog).not_to_contain_text(till.word("identify.checkedIn"))
    button(till.dialog, till.word("identify.oneTime")).click()
    expect(till.stage.locator(".qr img")).to_be_visible(timeout=20_000)
    looks.look("7-one-time-code")
    button(till.stage, till.word("wait.toPhone")).click()
    till.identify()
    till.control.act("47" + MANUAL, "decline")
    till.expect_stage(till.word("result.declined"))
    looks.look("8-declined")
    button(till.stage, till.word("result.again")).click()
    button(till.stage, till.word("pay.pay")).click()
    till.identify("90000000")
    till.expect_stage(till.word("result.failed"))
    looks.look("9-failed")
    till.go("new-sale")
    till.pay_with("Vipps", "50,00")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.partPaid"))
    looks.look("10-part-paid")
    till.go("new-sale")
    expect(till.sale).to_contain_text(till.word("sale.total"))
    looks.look("11-sale-part-paid")
    till.pay_with("Kontant")
    page.get_by_label(till.word("pay.cashReceived")).fill("1x")
    button(till.stage, till.word("pay.pay")).click()
    expect(page.locator("#cash-received-error")).not_to_be_empty()
    looks.look("12-cash-refused")
    button(till.stage, till.word("pay.cashExact")).click()
    till.expect_stage(till.word("result.paid"))
    looks.look("13-paid")


def test_processed_sale_and_refund(walker):
    looks = walker()
    till, page = looks.till, looks.till.page
    number = till.start_sale("Espresso", "Brownie")
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.paid"))
    till.go("processed-sales")
    expect(page.locator("tr", has_text=number)).to_contain_text(till.word("saleState.completed"))
    looks.look("1-list")
    page.locator("#search").fill("no such sale")
    expect(page.locator("#rows .empty")).to_be_visible()
    looks.look("2-nothing-found")
    page.locator("#search").fill("")
    page.locator("tr", has_text=number).get_by_role("link", name=number, exact=True).click()
    page.get_by_role("button", name=till.word("view.openLog")).first.click()
    expect(page.locator(".event-log")).to_contain_text(till.word("log.events.captured"), timeout=20_000)
    page.locator(".event-log summary").first.click()
    looks.look("3-view")
    button(page, till.word("refund.refund")).click()
    button(till.dialog, till.word("refund.refund")).click()
    expect(till.dialog.get_by_role("alert")).not_to_be_empty()
    looks.look("4-refund-refused")
    button(till.dialog, till.word("refund.selectAll")).click()
    button(till.dialog, till.word("refund.refund")).click()
    expect(till.sale).to_contain_text(till.word("sale.returnOf", number=number))
    looks.look("5-return")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name=till.word("refund.original")).click()
    till.dialog.get_by_label(till.word("refund.amount")).fill("999")
    button(till.dialog, till.word("generic.ok")).click()
    expect(page.locator("#refund-amount-error")).not_to_be_empty()
    looks.look("6-amount-refused")
    till.dialog.get_by_label(till.word("refund.amount")).fill("84")
    button(till.dialog, till.word("generic.ok")).click()
    expect(button(till.sale, till.word("result.nextSale"))).to_be_visible(timeout=20_000)
    looks.look("7-returned")
    till.sale.get_by_role("link", name=till.word("result.viewSale")).click()
    expect(page.locator("#sale-view")).to_be_visible()
    looks.look("8-view-of-the-return")


def test_refund_without_return(walker):
    looks = walker(user="admin", password="surdeigsbrod")
    till, page = looks.till, looks.till.page
    till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.paid"))
    till.stage.get_by_role("link", name=till.word("result.viewSale")).click()
    page.locator("#sale-view summary").first.click()
    looks.look("1-menu")
    page.get_by_role("button", name=till.word("refund.withoutReturn")).click()
    button(till.dialog, till.word("generic.ok")).click()
    expect(page.locator("#refund-reason-error")).not_to_be_empty()
    looks.look("2-reason-missing")


def test_set_up_of_vipps(walker):
    looks = walker(**ADMINISTRATOR)
    till, page = looks.till, looks.till.page
    till.go("vipps-agreements")
    page.get_by_role("link", name="Vipps Oslo").click()
    expect(page.locator("#agreement-name")).to_have_text("Vipps Oslo")
    looks.look("1-agreements")
    button(page, till.word("agreements.create")).click()
    till.dialog.locator("summary").click()
    till.dialog.get_by_label("client_id").fill("only-one")
    button(till.dialog, till.word("generic.save")).click()
    expect(page.locator("#client-secret-error")).not_to_be_empty()
    looks.look("2-agreement-refused")
    page.keyboard.press("Escape")
    till.go("vipps-sales-units")
    expect(page.locator("#sales-units")).to_contain_text("Fjellheim Oslo")
    looks.look("3-sales-units")
    button(page, till.word("salesUnits.create")).click()
    button(till.dialog, till.word("generic.save")).click()
    expect(till.dialog.locator(".error:not(:empty)").first).to_be_visible()
    looks.look("4-sales-unit-refused")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=till.word("salesUnits.qrs") + " Fjellheim Bergen").click()
    button(till.dialog, till.word("qrs.sync")).click()
    expect(till.dialog).to_contain_text("Kasse Bergen")
    looks.look("5-codes")
    button(till.dialog, till.word("qrs.convert")).click()
    button(till.dialog, till.word("generic.save")).click()
    expect(page.locator("#qr-beacon-error")).not_to_be_empty()
    looks.look("6-convert-refused")
    button(till.dialog, till.word("generic.cancel")).click()
    button(till.dialog, till.word("qrs.create")).click()
    expect(till.dialog.get_by_label(till.word("qrs.location"))).to_be_visible()
    looks.look("7-new-code")
    button(till.dialog, till.word("generic.cancel")).click()
    till.dialog.get_by_role("button", name=till.word("qrs.image") + " Kasse Bergen").click()
    expect(till.dialog.locator(".qr img")).to_be_visible(timeout=20_000)
    looks.look("8-code")
    button(till.dialog, till.word("generic.back")).click()
    till.dialog.get_by_role("button", name=till.word("generic.delete") + " Kasse Bergen").click()
    expect(till.dialog.get_by_role("alert")).to_be_visible()
    looks.look("9-delete-code")


def test_set_up_of_tills(walker):
    looks = walker(**ADMINISTRATOR)
    till, page = looks.till, looks.till.page
    till.go("agentInstances")
    expect(page.locator("#agent-instances")).to_contain_text("Kasse 2")
    looks.look("1-grid")
    button(page, till.word("tills.create")).click()
    button(till.dialog, till.word("generic.save")).click()
    expect(till.dialog.locator(".error:not(:empty)").first).to_be_visible()
    looks.look("2-till-refused")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=re.compile("Kasse 2")).click()
    expect(page.locator("#agent-profiles")).to_be_visible()
    looks.look("3-profiles")
    button(page, till.word("tills.createProfile")).click()
    till.dialog.get_by_label(till.word("tills.salesUnit")).select_option(label="Fjellheim Oslo (123456)")
    expect(till.dialog.get_by_label(till.word("tills.qr"))).to_be_enabled()
    button(till.dialog, till.word("generic.save")).click()
    expect(page.locator("#profile-name-error")).not_to_be_empty()
    looks.look("4-profile-refused")
    till.dialog.get_by_label(till.word("tills.name"), exact=True).fill("Natt")
    button(till.dialog, till.word("generic.save")).click()
    expect(till.dialog).to_have_count(0)
    page.get_by_role("button", name=till.word("generic.delete") + " Natt").click()
    expect(till.dialog).to_be_visible()
    looks.look("5-delete-profile")
    till.dialog.locator(".danger").click()
    expect(page.locator("#agent-profiles")).not_to_contain_text("Natt")


def test_set_up_of_the_shop(walker):
    looks = walker(**ADMINISTRATOR)
    till, page = looks.till, looks.till.page
    till.go("products")
    expect(page.locator("#products tbody tr").first).to_be_visible()
    looks.look("1-products")
    button(page, till.word("products.create")).click()
    button(till.dialog, till.word("generic.save")).click()
    expect(till.dialog.locator(".error:not(:empty)").first).to_be_visible()
    looks.look("2-product-refused")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=till.word("generic.edit") + " Brownie").click()
    expect(till.dialog).to_be_visible()
    looks.look("3-product")
    button(till.dialog, till.word("generic.delete")).click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    looks.look("4-delete-product")
    page.keyboard.press("Escape")
    page.locator("#search").fill("zzz")
    expect(page.locator("#products .empty")).to_be_visible()
    looks.look("5-nothing-found")
    till.go("users")
    expect(page.locator("#users")).to_contain_text("Kari Nordmann")
    looks.look("6-users")
    button(page, till.word("users.create")).click()
    button(till.dialog, till.word("generic.save")).click()
    expect(till.dialog.locator(".error:not(:empty)").first).to_be_visible()
    looks.look("7-user-refused")
    page.keyboard.press("Escape")
    page.goto(f"{till.product.base_url}/financial/app/#/incoming-payment-options")
    expect(page.locator("#payment-options")).to_contain_text("Kontant")
    looks.look("8-payment-options")
    button(page, till.word("options.create")).click()
    till.dialog.get_by_label(till.word("options.name")).fill("Vipps")
    button(till.dialog, till.word("generic.save")).click()
    expect(page.locator("#payment-option-name-error")).not_to_be_empty()
    looks.look("9-payment-option-refused")


def test_operations(walker):
    looks = walker(**OPERATOR)
    till, page = looks.till, looks.till.page
    till.go("operations")
    expect(page.locator("#services .chip.good:visible")).to_have_count(4, timeout=20_000)
    looks.look("operations")


def test_customer_display(walker, request):
    # What was paid stands there for a while, so languages take turns.
    name, number = ("Kasse Bergen", 3) if request.node.callspec.params["walker"] == "nb" else ("Kasse 2", 2)
    looks = walker(till=name)
    till = looks.till
    display = till.page.context.new_page()
    display.goto(f"{till.product.base_url}{DISPLAY}{number}")

    def shows(key: str) -> None:
        expect(display.get_by_role("heading", name=till.word(key, brand="Vipps"))).to_be_visible(timeout=20_000)
        looks.look(key, display)

    shows("display.welcome")
    till.start_sale("Espresso", "Baguette med ost og skinke")
    shows("display.toPay")
    till.pay_with("Vipps")
    button(till.dialog, till.word("identify.oneTime")).click()
    shows("display.scan")
    button(till.stage, till.word("wait.toPhone")).click()
    till.identify()
    shows("display.approve")
    till.control.act("47" + MANUAL, "decline")
    shows("display.notPaid")
    button(till.stage, till.word("result.again")).click()
    button(till.stage, till.word("pay.pay")).click()
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    shows("display.paid")
