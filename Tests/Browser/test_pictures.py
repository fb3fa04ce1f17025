"""Every page, dialog and stage of a payment, drawn in light and dark at four widths into `.run/screenshots/pictures`,
to be looked at. What a machine can see is asserted on the way: nothing scrolls sideways, no word in a button is cut
off, and whatever is pressed is at least 48 px high."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from conftest import PICTURES
from launcher import demo
from launcher import product as launching
from launcher.product import Product
from till import MANUAL, Till

SIZES = [(360, 740), (768, 1024), (1280, 800), (1920, 1080)]
FAULTS = """() => {
    const seen = element => element.checkVisibility({ visibilityProperty: true })
    const words = element => element.textContent.trim().slice(0, 40)
    const name = element => `${element.tagName} ${element.id || element.className} "${words(element)}"`
    const isLow = element => element.offsetHeight < 47.5 && !element.closest(".toast")
    const dialog = document.querySelector("dialog[open]")
    const found = (where, what, isWrong) => [...(dialog ?? document).querySelectorAll(where)]
        .filter(element => seen(element) && isWrong(element)).map(element => `${what}: ${name(element)}`)
    const wide = element => element.scrollWidth > element.clientWidth + 1
    return [
        ...[document.documentElement, document.body, ...document.querySelectorAll("#main, dialog[open]")].filter(wide)
            .map(element => `scrolls sideways: ${name(element)}`),
        ...found(".card, .dialog-body, .table-wrap, .basket", "scrolls sideways", wide),
        ...found(".button, .chip, .tile", "is cut off", wide),
        ...found(".button, .tile, .choice, .places a, .bottombar a, .menu-items button, .menu-items a, select, "
            + "input:not([type=checkbox], [type=radio])", "is lower than 48 px", isLow),
    ]
}"""


class Album:
    """Draws a page as it is now, at every size and in both themes, and tells what is wrong with it."""

    def __init__(self):
        self.faults: list[str] = []
        self.folder = PICTURES / "pictures"
        self.folder.mkdir(parents=True, exist_ok=True)

    def draw(self, page: Page, name: str, forget_toasts: bool = True) -> None:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if forget_toasts:
                page.evaluate("document.querySelector('#toasts')?.replaceChildren()")
            self.faults += [f"{name} at {width} px: {fault}" for fault in page.evaluate(FAULTS)]
            page.evaluate("scrollTo(0, 0)")
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                page.screenshot(path=self.folder / f"{name}.{width}.{theme}.png", full_page=True, caret="initial")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size({"width": 1280, "height": 800})

    def check(self) -> None:
        assert not self.faults, "\n".join(self.faults)


@pytest.fixture
def album():
    made = Album()
    yield made
    made.check()


def test_sign_in(product, chromium, album):
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{product.base_url}/pos/app/")
    page.get_by_label("User name").wait_for()
    album.draw(page, "sign-in")
    page.get_by_label("User name").fill("kari")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    album.draw(page, "sign-in-refused")
    page.close()


def test_basket(open_till, album):
    till = open_till(till=None)
    page = till.page
    till.go("new-sale")
    expect(till.sale).to_be_visible()
    album.draw(page, "sale-choose-till")
    page.locator(".topbar .till").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "till-choice")
    till.dialog.get_by_role("button", name="Kasse 1").click()
    expect(till.sale.get_by_role("button", name="Start new sale")).to_be_visible()
    album.draw(page, "sale-ready")
    page.get_by_label("Find by name").fill("zzz")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    album.draw(page, "sale-nothing-found")
    page.get_by_label("Find by name").fill("")
    till.start_sale()
    album.draw(page, "sale-empty")
    for product in ("Espresso", "Kardemommebolle", "Baguette med ost og skinke", "Keramikkopp"):
        till.add(product)
    album.draw(page, "sale-basket")
    till.scan("0000000000000")
    expect(page.locator(".toast.bad")).to_be_visible()
    album.draw(page, "sale-unknown-code", forget_toasts=False)
    till.sale.locator("summary").click()
    album.draw(page, "sale-menu")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name="Edit Espresso").click()
    till.dialog.get_by_label("Discount", exact=True).fill("200")
    till.dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#line-discount-error")).not_to_be_empty()
    album.draw(page, "line-error")
    page.keyboard.press("Escape")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name="Abort sale").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "sale-abort")
    page.keyboard.press("Escape")
    expect(till.dialog).to_have_count(0)
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name="Parked sales").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "parked-none")
    page.keyboard.press("Escape")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    expect(till.sale).to_contain_text("A customer has scanned the code")
    album.draw(page, "sale-checked-in")
    till.sale.get_by_role("button", name="Wrong customer").click()
    expect(till.sale).not_to_contain_text("A customer has scanned the code")
    page.keyboard.press("F8")
    expect(till.in_hand).to_have_count(0)
    till.sale.get_by_role("button", name=re.compile("parked")).click()
    expect(till.dialog.get_by_role("button", name="Resume")).to_be_visible()
    album.draw(page, "parked")
    till.dialog.get_by_role("button", name="Resume").click()
    expect(till.in_hand).to_have_count(1)
    till.abandon()


def test_payment(open_till, album):
    till = open_till()
    page = till.page
    till.start_sale("Flat white", "Brownie")
    till.pay_with("Vipps", "999")
    expect(page.locator("#pay-amount-error")).not_to_be_empty()
    album.draw(page, "pay-amount-error")
    page.get_by_label("Amount", exact=True).fill("50.00")
    page.get_by_text("Email invoice").click()
    page.get_by_label("Email address").fill("customer@example.com")
    album.draw(page, "pay-amount")
    till.stage.get_by_role("button", name="Pay").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "identify")
    till.identify("12")
    expect(page.locator("#phone-error")).not_to_be_empty()
    album.draw(page, "identify-error")
    till.identify()
    till.expect_stage("Waiting for the customer")
    album.draw(page, "waiting")
    expect(till.stage.get_by_text("Nothing on the phone?")).to_be_visible(timeout=20_000)
    album.draw(page, "waiting-hint")
    till.go("new-sale")
    expect(till.sale.get_by_role("link", name="Open payment")).to_be_visible()
    album.draw(page, "sale-locked")
    till.sale.get_by_role("link", name="Open payment").click()
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Part paid")
    album.draw(page, "part-paid")
    till.stage.get_by_role("link", name="Back to the sale").click()
    expect(till.sale.locator(".pay-buttons")).to_be_visible()
    album.draw(page, "sale-part-paid")
    till.pay_with("Vipps")
    till.dialog.get_by_role("button", name="Code on the customer screen").click()
    expect(till.stage.locator(".qr img")).to_be_visible(timeout=20_000)
    till.stage.locator(".qr img").evaluate("image => image.decode()")
    album.draw(page, "one-time-code")
    till.stage.get_by_role("button", name="Abort").click()
    till.expect_stage("Payment aborted")
    album.draw(page, "aborted")
    till.stage.get_by_role("button", name="Pay again").click()
    till.stage.get_by_role("button", name="Pay").click()
    expect(till.dialog).to_be_visible()
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "decline")
    till.expect_stage("The customer declined")
    album.draw(page, "declined")
    page.get_by_role("link", name="Back to the sale").first.click()
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    expect(till.sale).to_contain_text("A customer has scanned the code")
    till.pay_with("Vipps")
    expect(till.dialog).to_contain_text("Scanned")
    album.draw(page, "identify-checked-in")
    till.dialog.get_by_role("button", name="Wrong customer").click()
    till.identify("+4790000000")
    till.expect_stage("The payment could not be made")
    album.draw(page, "failed")
    page.get_by_role("link", name="Back to the sale").first.click()
    till.pay_with("Kontant")
    page.get_by_label("Cash received").fill("100")
    expect(page.get_by_text("Change to give back")).to_be_visible()
    album.draw(page, "cash")
    till.stage.get_by_role("button", name=re.compile("^Pay")).click()
    till.expect_stage("Paid")
    album.draw(page, "paid")


def test_sale_view_and_refund(open_till, album):
    till = open_till()
    page = till.page
    number = till.start_sale("Espresso", "Keramikkopp")
    till.sale.get_by_role("button", name="One more: Espresso").click()
    expect(till.sale.locator(".line", has_text="Espresso").locator("output")).to_have_text("2")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    till.go("processed-sales")
    row = page.locator("tr", has_text=number)
    expect(row).to_be_visible()
    album.draw(page, "processed-sales")
    page.get_by_label("Search").fill("nothing-like-this")
    expect(page.get_by_text("No sales here")).to_be_visible()
    album.draw(page, "processed-sales-none")
    page.get_by_label("Search").fill("")
    row.get_by_role("link", name="View").click()
    expect(page.get_by_role("heading", name=f"Sale {number}")).to_be_visible()
    album.draw(page, "sale-view")
    page.get_by_role("button", name="Event log").first.click()
    expect(page.locator(".event-log")).to_contain_text("Money captured", timeout=20_000)
    page.locator(".event-log summary").first.click()
    album.draw(page, "sale-view-log")
    page.get_by_role("button", name=re.compile("^Refund")).click()
    till.dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(till.dialog.get_by_role("alert")).not_to_be_empty()
    album.draw(page, "refund-error")
    till.dialog.get_by_role("checkbox", name=re.compile("Keramikkopp")).check()
    till.dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(till.sale).to_contain_text("Return of sale")
    album.draw(page, "return")
    till.control.call("POST", "faults", {"kind": "domain-error", "operation": "refund", "code": 6220})
    till.sale.locator(".pay-buttons").get_by_role("button", name="Vipps").click()
    till.dialog.get_by_label("Amount").fill("9999")
    till.dialog.get_by_role("button", name="Ok").click()
    expect(page.locator("#refund-amount-error")).not_to_be_empty()
    album.draw(page, "refund-payment-error")
    till.dialog.get_by_label("Amount").fill("249")
    till.dialog.get_by_role("button", name="Ok").click()
    expect(till.sale.get_by_role("alert")).to_be_visible(timeout=20_000)
    album.draw(page, "refund-refused")
    till.sale.locator(".pay-buttons").get_by_role("button", name="Vipps").click()
    till.dialog.get_by_role("button", name="Ok").click()
    expect(till.sale).to_contain_text("completed", timeout=20_000)
    album.draw(page, "return-completed")
    till.sale.get_by_role("link", name="View sale").click()
    expect(page.get_by_role("heading", name=re.compile("^Sale"))).to_be_visible()
    album.draw(page, "return-view")


def test_troubles(open_till, product, album):
    till = open_till()
    page = till.page
    for route, name in ((f"sales/{uuid.uuid4()}", "not-found-sale"), ("no-such-page", "not-found"),
                        ("users", "forbidden")):
        till.go(route)
        expect(page.locator("#main .empty")).to_be_visible()
        album.draw(page, name)
    till.go("new-sale")
    expect(till.sale).to_be_visible()
    product.kill("notification-relay")
    expect(page.locator("[data-offline]")).to_be_visible(timeout=30_000)
    album.draw(page, "offline")
    product.start_service("notification-relay")
    product.wait_ready("notification-relay")
    expect(page.locator("[data-offline]")).to_be_hidden(timeout=30_000)
    page.context.set_offline(True)
    page.evaluate("location.hash = '#/processed-sales'")
    expect(page.get_by_text("This page could not be fetched")).to_be_visible()
    album.draw(page, "page-failed")
    page.context.set_offline(False)
    page.faults.clear()


def test_display(open_till, product, album):
    till = open_till()
    display = till.page.context.new_page()
    till.go("new-sale")
    display.goto(f"{product.base_url}/pos/display/{demo.tenants()[0]['agentInstances'][0]['id']}")
    till.start_sale("Espresso", "Baguette med ost og skinke")
    expect(display.get_by_text("124.00").first).to_be_visible(timeout=20_000)
    album.draw(display, "display-basket")
    till.pay_with("Vipps")
    till.dialog.get_by_role("button", name="Code on the customer screen").click()
    expect(display.locator(".qr img")).to_be_visible(timeout=20_000)
    display.locator(".qr img").evaluate("image => image.decode()")
    album.draw(display, "display-code")
    expect(till.stage.locator(".qr img")).to_be_visible(timeout=20_000)
    till.stage.get_by_role("button", name="Use a phone number").click()
    till.identify()
    expect(display.get_by_role("heading", name="Approve in Vipps")).to_be_visible(timeout=20_000)
    album.draw(display, "display-approve")
    till.control.act("47" + MANUAL, "decline")
    expect(display.get_by_role("heading", name="Not paid")).to_be_visible(timeout=20_000)
    album.draw(display, "display-not-paid")
    till.expect_stage("The customer declined")
    till.page.get_by_role("link", name="Back to the sale").first.click()
    till.pay_with("Kontant")
    till.stage.get_by_role("button", name=re.compile("^Pay")).click()
    expect(display.get_by_role("heading", name="Paid", exact=True)).to_be_visible(timeout=20_000)
    album.draw(display, "display-paid")


def test_set_up(open_till, album):
    till = open_till("admin", "surdeigsbrod", till=None)
    page = till.page
    page.goto(f"{till.product.base_url}/financial/app/#/incoming-payment-options")
    expect(page.get_by_role("button", name="New payment option")).to_be_visible()
    album.draw(page, "payment-options")
    page.get_by_role("button", name="New payment option").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "payment-option-new")
    for route, opener, name in (("products", "#new-product", "product"), ("users", "#new-user", "user"),
                                ("vipps-agreements", "#new-agreement", "agreement"),
                                ("vipps-sales-units", "#new-sales-unit", "sales-unit"),
                                ("agentInstances", "#new-till", "till")):
        till.go(route)
        expect(page.locator(opener)).to_be_visible()
        album.draw(page, route)
        page.locator(opener).click()
        expect(till.dialog).to_be_visible()
        if name == "agreement":
            till.dialog.get_by_text("Set API Keys").click()
        till.dialog.get_by_role("button", name="Save").click()
        expect(till.dialog.locator(".error:not(:empty)").first).to_be_visible()
        album.draw(page, f"{name}-errors")
    till.go("products")
    page.get_by_role("searchbox").fill("zzz")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    album.draw(page, "products-nothing-found")
    till.go("vipps-agreements")
    page.get_by_role("link", name="Vipps Oslo").click()
    expect(page.locator("#agreement-name")).to_have_text("Vipps Oslo")
    album.draw(page, "agreement")
    till.go("vipps-sales-units")
    page.get_by_role("button", name="Merchant callback QRs Fjellheim Oslo").click()
    expect(till.dialog.get_by_role("button", name="Rename Kasse 1")).to_be_visible()
    album.draw(page, "codes")
    for opener, name in (("New code", "code-new"), ("Convert a MobilePay QR", "code-convert"),
                         ("Rename Kasse 1", "code-rename"), ("Delete Kasse 1", "code-delete")):
        till.dialog.get_by_role("button", name=opener).first.click()
        expect(till.dialog.get_by_role("button", name="Cancel")).to_be_visible()
        album.draw(page, name)
        till.dialog.get_by_role("button", name="Cancel").click()
        expect(till.dialog.get_by_role("button", name="Rename Kasse 1")).to_be_visible()
    till.dialog.get_by_role("button", name="View QR image Kasse 1").click()
    image = till.dialog.get_by_role("img", name="QR code of Kasse 1")
    expect(image).to_be_visible(timeout=20_000)
    image.evaluate("image => image.decode()")
    album.draw(page, "code-image")
    page.keyboard.press("Escape")
    till.go("agentInstances")
    page.get_by_role("link", name="View agent profiles: Kasse 2").click()
    expect(page.get_by_role("heading", name="Kasse 2")).to_be_visible()
    album.draw(page, "profiles")
    page.locator("#new-profile").click()
    expect(till.dialog).to_be_visible()
    album.draw(page, "profile-new")
    page.keyboard.press("Escape")
    page.locator(".topbar .menu summary").click()
    album.draw(page, "account-menu")
    operator = open_till("operator", "fjernhjelp", till=None)
    operator.go("operations")
    expect(operator.page.locator("#services .chip.good:visible")).to_have_count(4, timeout=20_000)
    album.draw(operator.page, "operations")


def test_a_shop_with_nothing_set_up(chromium, tmp_path, monkeypatch, album):
    """Empty lists, and a till that cannot take Vipps yet: each says what to do next."""
    monkeypatch.setattr(launching.seeding, "set_up", lambda product: None)
    with Product(state_dir=tmp_path) as product:
        context = chromium.new_context(locale="en-GB", reduced_motion="reduce")
        context.add_cookies([{"name": "language", "value": "en", "url": product.base_url}])
        till = Till(product, context.new_page(), album.folder)
        till.sign_in("admin", "surdeigsbrod")
        for route in ("vipps-agreements", "vipps-sales-units", "agentInstances", "processed-sales"):
            till.go(route)
            expect(till.page.locator("#main .empty, #main .table").first).to_be_visible()
            album.draw(till.page, f"empty-{route}")
        till.page.goto(f"{product.base_url}/financial/app/#/incoming-payment-options")
        expect(till.page.locator("#main .empty")).to_be_visible()
        album.draw(till.page, "empty-payment-options")
        till.choose_till("Kasse 1")
        till.start_sale("Espresso")
        expect(till.sale).to_contain_text("No payment option is")
        album.draw(till.page, "sale-no-options")
        context.close()
