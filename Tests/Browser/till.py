"""A till as a cashier uses it: what she sees and what she does, in her words."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from customer import Control
from launcher.product import Product
from words import word

MANUAL = "91234567"
"""Kari Nordmann, who acts only when told to; as typed at a Norwegian till."""


class Till:
    def __init__(self, product: Product, page: Page, pictures: Path, language: str = "en"):
        self.product, self.page, self.pictures, self.language = product, page, pictures, language
        self.control = Control(product.simulator_url)
        page.faults = []
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda line: page.faults.append(line.text) if _is_fault(line) else None)

    def word(self, key: str, **values: str) -> str:
        """What the product calls this in the language of this browser."""
        return word(self.language, key, **values)

    def picture(self, name: str, page: Page | None = None) -> None:
        self.pictures.mkdir(parents=True, exist_ok=True)
        (page or self.page).screenshot(path=self.pictures / f"{name}.png", full_page=True, caret="initial")

    # Who and where

    def sign_in(self, user: str, password: str) -> None:
        self.page.goto(f"{self.product.base_url}/pos/app/")
        self.page.locator("#user").fill(user)
        self.page.locator("#password").fill(password)
        self.page.locator("form button.primary").click()
        expect(self.page.locator("#main h1").first).to_be_attached()

    def choose_till(self, name: str) -> None:
        head = self.page.locator(".topbar .till")
        if name in head.inner_text():
            return
        head.click()
        self.dialog.get_by_role("button", name=name).first.click()
        expect(head).to_contain_text(name)

    def go(self, route: str) -> None:
        self.page.goto(f"{self.product.base_url}/pos/app/#/{route}")

    # The sale

    @property
    def sale(self) -> Locator:
        return self.page.locator("#sale")

    @property
    def stage(self) -> Locator:
        return self.page.locator("#stage")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    @property
    def in_hand(self) -> Locator:
        """There while a sale is open in this till."""
        return self.page.locator("#sale-id:not([value=''])")

    def start_sale(self, *products: str) -> str:
        """Begins a sale with these products and gives its number. What was left open at this till is aborted first."""
        self.go("new-sale")
        expect(self.sale).to_be_visible()
        while self.in_hand.count():
            self.abandon()
        start, again = self.word("sale.start"), self.word("result.nextSale")
        self.sale.get_by_role("button", name=re.compile(f"{start}|{again}")).click()
        expect(self.in_hand).to_be_attached()
        for product in products:
            self.add(product)
        return self.sale.get_by_role("heading").first.inner_text().removeprefix(self.word("sale.number", number=""))

    def add(self, product: str) -> None:
        self.page.locator(".tile", has_text=product).first.click()
        expect(self.sale.locator(".line", has_text=product)).to_be_visible()

    def abandon(self) -> None:
        self.sale.locator("summary").click()
        self.sale.get_by_role("button", name=self.word("sale.abort")).click()
        self.dialog.get_by_role("button", name=self.word("sale.abort")).click()
        expect(self.in_hand).to_have_count(0)

    def scan(self, code: str) -> None:
        """As a keyboard-wedge scanner types: faster than any hand, Enter at the end. All at once, because a browser driven
        from outside on a busy machine is no scanner."""
        self.page.evaluate("""code => { for (const key of [...code, "Enter"])
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) }""", code)

    # The payment

    def pay_with(self, option: str, amount: str | None = None) -> None:
        self.sale.locator(".pay-buttons").get_by_role("link", name=option).click()
        expect(self.stage).to_be_visible()
        if amount is not None:
            self.page.get_by_label(self.word("pay.amount"), exact=True).fill(amount)
        if option == "Vipps":
            self.stage.get_by_role("button", name=self.word("pay.pay")).click()

    def identify(self, phone: str = MANUAL) -> None:
        self.dialog.get_by_label(self.word("identify.phone")).fill(phone)
        self.dialog.get_by_role("button", name=self.word("identify.send")).click()

    def expect_stage(self, words: str, seconds: float = 20) -> None:
        expect(self.stage.get_by_role("heading", name=words)).to_be_visible(timeout=seconds * 1000)


def _is_fault(line) -> bool:
    """Errors of our own. A refusal, a server that is away and a request given up for a newer one are told too and are none."""
    told = ("Failed to load resource", "Response Status Error Code 4", "htmx:sendAbort", "htmx:sendError", "htmx:afterRequest")
    return line.type == "error" and not line.text.startswith(told)
