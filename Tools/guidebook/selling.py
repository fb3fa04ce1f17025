"""The second chapter: a cashier sells, and gives money back. Rows 7 to 15, and what is offered beyond them."""

import re

from playwright.sync_api import Page

from launcher import demo

from .camera import Camera, Desk
from .setting_up import MSN, PLACE, PROFILE

PHONE = "91234567"
CUSTOMER = "47" + PHONE
"""Kari Nordmann of the simulated Vipps, who acts only when told to."""

KASSE_2 = next(till["id"] for till in demo.tenants()[0]["agentInstances"] if till["name"] == "Kasse 2")


def walk(camera: Camera) -> None:
    till = Till(camera.signed_in("kari", "kanelbolle").page, camera)
    phone = camera.phone(CUSTOMER)
    till.choose()
    first_sale(till, phone)
    aborted(till)
    in_parts(till)
    with_the_printed_code(till)
    with_a_one_time_code(till)
    with_the_customers_own_code(till, phone)
    given_back(till)


class Till(Desk):
    def __init__(self, page: Page, camera: Camera):
        super().__init__(camera, page)
        self.sale, self.stage = page.locator("#sale"), page.locator("#stage")

    def choose(self) -> None:
        self.go("pos/app/#/new-sale")
        self.page.locator(".topbar .till").click()
        self.is_there(self.dialog)
        self.take("11-choose-till", self.dialog, margin=24)
        self.press(f"Kasse 2 {PROFILE}", self.dialog)
        self.says(self.page.locator(".topbar .till"), PROFILE)

    def start(self, *products: str) -> None:
        self.press("Start new sale", self.sale)
        self.is_there(self.page.locator("#sale-id:not([value=''])"), 1)
        for product in products:
            self.page.locator(".tile", has_text=product).first.click()
            self.is_there(self.sale.locator(".line", has_text=product))

    def next(self) -> None:
        self.go("pos/app/#/new-sale")
        self.is_there(self.sale.get_by_role("button", name="Start new sale"))

    def vipps(self, amount: str | None = None) -> None:
        self.sale.get_by_role("link", name=re.compile(r"^Vipps\b")).click()
        self.is_there(self.stage)
        if amount:
            self.page.get_by_label("Amount", exact=True).fill(amount)

    def pay(self) -> None:
        self.press("Pay", self.stage)
        self.is_there(self.dialog)

    def ask_phone(self) -> None:
        self.dialog.get_by_label("Phone number").fill(PHONE)
        self.press("Send to the customer", self.dialog)
        self.stands("Waiting for the customer")

    def scan(self, code: str) -> None:
        """As a keyboard-wedge scanner types: faster than any hand, Enter at the end."""
        self.page.evaluate("""code => { for (const key of [...code, "Enter"])
            document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) }""", code)

    def stands(self, words: str) -> None:
        self.is_there(self.stage.get_by_role("heading", name=words))

    def approved(self, words: str = "Paid") -> None:
        self.camera.customer("approve", CUSTOMER)
        self.stands(words)


def first_sale(till: Till, phone: Page) -> None:
    till.take("12-ready")
    till.start("Cappuccino", "Kanelbolle")
    till.press("One more: Kanelbolle", till.sale)
    till.says(till.sale.locator(".line", has_text="Kanelbolle").locator("output"), "2")
    till.take("13-basket")
    till.vipps()
    till.page.get_by_label("Email invoice").check()
    till.page.get_by_label("Email address").fill("customer@example.com")
    till.take("14-amount")
    till.pay()
    till.dialog.get_by_label("Phone number").fill(PHONE)
    till.take("15-identify", till.dialog, margin=24)
    till.ask_phone()
    till.take("16-waiting")
    phone.get_by_role("button", name="Approve").wait_for()
    till.camera.take("17-phone", phone)
    till.approved()
    till.take("18-paid")
    till.next()


def aborted(till: Till) -> None:
    till.start("Smørcroissant")
    till.vipps()
    till.pay()
    till.ask_phone()
    till.press("Abort", till.stage)
    till.stands("Payment aborted")
    till.take("19-aborted")
    till.press("Pay again", till.stage)
    till.pay()
    till.ask_phone()
    till.approved()
    till.next()


def in_parts(till: Till) -> None:
    till.start("Flat white", "Brownie")
    till.vipps("50")
    till.pay()
    till.ask_phone()
    till.approved("Part paid")
    till.take("20-part-paid")
    till.stage.get_by_role("link", name="Back to the sale").click()
    till.sale.get_by_role("link", name="Kontant").click()
    till.page.get_by_label("Cash received").fill("100")
    till.is_there(till.page.get_by_text("Change to give back"))
    till.take("21-cash")
    till.stage.get_by_role("button", name=re.compile("^Pay")).click()
    till.stands("Paid")
    till.next()


def with_the_printed_code(till: Till) -> None:
    till.start("Espresso")
    code = next(code for code in till.camera.vipps.get("/phone/codes").json() if code["place"] == PLACE)
    till.camera.customer("scan", CUSTOMER, {"msn": MSN, "merchantQrId": code["merchantQrId"]})
    till.says(till.sale, "A customer has scanned the code")
    till.vipps()
    till.pay()
    till.take("22-checked-in", till.dialog, margin=24)
    till.press("Charge this customer", till.dialog)
    till.stands("Waiting for the customer")
    till.approved()
    till.next()


def with_a_one_time_code(till: Till) -> None:
    till.start("Iskaffe", "Kokosbolle")
    display = till.camera.window()
    display.context.add_cookies(till.page.context.cookies())
    display.goto(f"{till.camera.product.base_url}/pos/display/{KASSE_2}")
    display.get_by_text("85.00").first.wait_for()
    till.camera.take("23-display", display)
    till.vipps()
    till.pay()
    till.press("Code on the customer screen", till.dialog)
    image = till.stage.locator(".qr img")
    till.is_there(image)
    image.evaluate("image => image.decode()")
    till.take("24-one-time-code")
    shown = display.locator(".qr img")
    shown.wait_for()
    shown.evaluate("image => image.decode()")
    till.camera.take("25-display-code", display)
    till.press("Use a phone number", till.stage)
    till.ask_phone()
    till.approved()
    display.get_by_role("heading", name="Paid").wait_for()
    display.context.close()
    till.next()


def with_the_customers_own_code(till: Till, phone: Page) -> None:
    phone.get_by_role("tab", name="My code").click()
    phone.get_by_role("img", name="Your personal code").wait_for()
    till.camera.take("26-own-code", phone)
    code = till.camera.vipps.get(f"/control/customers/{CUSTOMER}").json()["personalQr"]
    till.start("Eplemost")
    till.vipps()
    till.pay()
    till.scan(code)
    till.stands("Waiting for the customer")
    till.approved()
    till.next()


def given_back(till: Till) -> None:
    till.go("pos/app/#/processed-sales")
    rows = till.page.locator("#rows tbody tr")
    till.is_there(rows, 6)
    till.take("27-processed-sales")
    rows.last.get_by_role("link", name="View").click()
    till.page.get_by_role("button", name=re.compile("^Event log")).first.click()
    till.says(till.page.locator(".event-log"), "Money captured")
    till.take("28-event-log", top="#financial-title")
    till.press("Refund")
    till.dialog.get_by_role("checkbox", name=re.compile("Kanelbolle")).check()
    till.dialog.get_by_label("Quantity to return: Kanelbolle").fill("1")
    till.take("29-refund", till.dialog, margin=24)
    till.dialog.get_by_role("button", name="Refund", exact=True).click()
    till.says(till.sale, "Return of sale")
    till.sale.locator("summary").click()
    till.take("30-return")
    till.press("Refund original sale payment", till.sale)
    till.is_there(till.dialog.get_by_label("Amount"))
    till.take("31-refund-payment", till.dialog, margin=24)
    till.press("Ok", till.dialog)
    till.says(till.sale, "completed")
