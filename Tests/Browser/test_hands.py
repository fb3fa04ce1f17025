"""One hand at a time: the keyboard alone, the scanner alone, and a finger that presses twice. A key or a scan works
wherever the focus is, and nothing happens twice."""

import re

import pytest
from playwright.sync_api import Locator, expect

from test_tour import button
from till import MANUAL

LANGUAGES = pytest.mark.parametrize("language", ["en", "nb"])


class Keys:
    """A keyboard, and nothing else."""

    def __init__(self, till):
        self.till, self.page = till, till.page

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        """As a hand types, far from a scanner's pace."""
        self.page.keyboard.type(text, delay=100)

    def reach(self, target: Locator, most: int = 120) -> None:
        """Tab by Tab."""
        for _ in range(most):
            self.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{target} is not reached by Tab")


@LANGUAGES
def test_keyboard_alone_signs_in_sells_aborts_takes_cash_and_refunds(open_till, language):
    till = open_till(user=None, language=language)
    keys, page, word = Keys(till), till.page, till.word
    till.go("new-sale")
    expect(page.locator("#user")).to_be_focused()
    keys.type("kari")
    keys.press("Tab")
    keys.type("kanelbolle")
    keys.press("Enter")
    expect(till.sale).to_be_visible()
    keys.reach(page.locator(".topbar .till"))
    keys.press("Enter")
    expect(till.dialog).to_be_visible()
    keys.reach(till.dialog.get_by_role("button", name="Kasse 2"))
    keys.press("Enter")
    expect(till.dialog).to_have_count(0)
    expect(page.locator(".topbar .till")).to_contain_text("Kasse 2")
    expect(button(till.sale, word("sale.start"))).to_be_visible()
    keys.press("F2")
    expect(till.in_hand).to_be_attached()
    keys.press("F1")
    expect(page.locator("#find")).to_be_focused()
    keys.type("gulrot")
    expect(page.locator(".tile")).to_have_count(1)
    keys.press("Enter")
    expect(till.sale.locator(".line")).to_contain_text("Gulrotkake")
    keys.reach(till.sale.get_by_role("button", name=word("sale.oneMore", name="Gulrotkake")))
    keys.press("Enter")
    expect(till.sale.locator("output")).to_have_text("2")

    keys.press("F9")
    expect(button(till.stage, word("pay.pay"))).to_be_focused()
    keys.press("Enter")
    expect(till.dialog.get_by_label(word("identify.phone"))).to_be_focused()
    keys.type(MANUAL)
    keys.press("Enter")
    till.expect_stage(word("wait.forCustomer"))
    keys.press("F4")
    till.expect_stage(word("result.aborted"))
    keys.press("F9")
    expect(button(till.stage, word("pay.pay"))).to_be_focused()
    keys.press("Enter")
    expect(till.dialog.get_by_label(word("identify.phone"))).to_be_focused()
    keys.type(MANUAL)
    keys.press("Enter")
    till.expect_stage(word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(word("result.paid"))

    expect(button(till.stage, word("result.nextSale"))).to_be_focused()
    keys.press("Shift+Tab", "Enter")
    expect(page.locator("#sale-view")).to_be_visible()
    expect(button(page, word("refund.refund"))).to_be_visible()
    keys.press("F7")
    expect(till.dialog).to_be_visible()
    keys.reach(button(till.dialog, word("refund.selectAll")))
    keys.press("Enter")
    keys.reach(button(till.dialog, word("refund.refund")))
    keys.press("Enter")
    expect(till.sale.locator(".line.return")).to_be_visible()
    keys.reach(till.sale.locator(".pay-buttons").get_by_role("button", name="Vipps"))
    keys.press("Enter")
    expect(till.dialog.get_by_label(word("refund.amount"))).to_be_focused()
    keys.press("Enter")
    expect(till.sale.locator(".result.good")).to_be_visible()

    keys.press("F2")
    expect(till.in_hand).to_be_attached()
    keys.press("F1")
    keys.type("loff")
    expect(page.locator(".tile")).to_have_count(1)
    keys.press("Enter")
    expect(till.sale.locator(".line")).to_contain_text("Loff")
    keys.press("F10")
    expect(page.get_by_label(word("pay.cashReceived"))).to_be_focused()
    keys.type("100")
    expect(page.locator("#cash-change")).to_contain_text("51")
    keys.press("Enter")
    till.expect_stage(word("result.paid"))


def test_scanner_alone_sells_from_the_first_item_to_the_next_customer(open_till):
    """No start, no button: products and the customer's own code, and the next product begins the next sale."""
    till = open_till()
    till.start_sale()
    till.abandon()
    for code in ("2000010010011", "2000010010103", "2000010010103"):
        till.scan(code)
    expect(till.sale.locator(".line", has_text="Kanelbolle").locator("output")).to_have_text("2")
    till.scan(till.control.personal_code("47" + MANUAL))
    till.expect_stage(till.word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.paid"))
    till.scan("2000010010035")
    expect(till.sale.locator(".line")).to_contain_text("Espresso")
    till.abandon()


def test_scan_of_an_unknown_code_says_so_and_leaves_the_basket(open_till):
    till = open_till(language="nb")
    till.start_sale("Espresso")
    till.scan("7099999999999")
    expect(till.page.locator(".toast.bad")).to_contain_text("7099999999999")
    expect(till.sale.locator(".line")).to_have_count(1)
    till.abandon()
    till.scan(till.control.personal_code("47" + MANUAL))  # There is nothing to pay.
    expect(till.page.locator(".toast.bad", has_text="https://")).to_be_visible()


# An impatient finger

TRIPLE = """button => {
    const isThere = button.isConnected;
    button.click(); button.click(); button.click();
    return isThere;
}"""
"""Three presses before the page could answer the first. A button that has just been replaced is under no finger."""


def hammer(target: Locator) -> None:
    expect(target).to_be_enabled()
    assert any(target.evaluate(TRIPLE) for _ in range(20)), f"{target} is always being replaced"


def test_impatient_finger_acts_once_on_every_button_of_the_payment_way(open_till):
    till = open_till()
    page, word = till.page, till.word
    payments = page.locator("#payment-summary .row.spread")
    before = till.control.books()
    till.go("new-sale")
    expect(till.sale).to_be_visible()
    while till.in_hand.count():
        till.abandon()
    hammer(till.sale.get_by_role("button", name=re.compile(f"{word('sale.start')}|{word('result.nextSale')}")))
    expect(till.in_hand).to_be_attached()
    number = till.sale.get_by_role("heading").first.inner_text()
    hammer(page.locator(".tile", has_text="Espresso"))
    expect(till.sale.locator("output")).to_have_text("1")
    hammer(button(till.sale, word("sale.oneMore", name="Espresso")))
    expect(till.sale.locator("output")).to_have_text("2")
    till.sale.locator(".pay-buttons").get_by_role("link", name="Vipps").dblclick()
    hammer(button(till.stage, word("pay.pay")))
    till.dialog.get_by_label(word("identify.phone")).fill(MANUAL)
    hammer(button(till.dialog, word("identify.send")))
    till.expect_stage(word("wait.forCustomer"))
    expect(payments).to_have_count(1)
    hammer(button(till.stage, word("wait.abort")))
    till.expect_stage(word("result.aborted"))
    hammer(button(till.stage, word("result.again")))
    button(till.stage, word("pay.pay")).click(click_count=3)
    till.dialog.get_by_label(word("identify.phone")).fill(MANUAL)
    button(till.dialog, word("identify.send")).click(click_count=3)
    till.expect_stage(word("wait.forCustomer"))
    expect(payments).to_have_count(2)
    hammer(button(till.stage, word("wait.toOneTime")))
    expect(till.stage.locator(".qr img")).to_be_visible()
    hammer(button(till.stage, word("wait.toPhone")))
    phone = till.dialog.get_by_label(word("identify.phone"))
    phone.press_sequentially(MANUAL, delay=80)
    phone.evaluate("input => { input.form.requestSubmit(); input.form.requestSubmit() }")
    till.expect_stage(word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(word("result.paid"))
    till.control.call("POST", "settle", {"timeoutSeconds": 10})
    after = till.control.books()
    assert after["captured"] - before["captured"] == 2 * 3500
    hammer(button(till.stage, word("result.nextSale")))
    expect(till.sale).to_contain_text(word("sale.emptyTitle"))
    following = till.sale.get_by_role("heading").first.inner_text()
    assert _count(following) == _count(number) + 1, "more than one sale was begun"


def test_impatient_finger_takes_cash_and_gives_it_back_once(open_till):
    till = open_till()
    page, word = till.page, till.word
    till.start_sale("Espresso", "Brownie")
    sold, payments = page.locator("#sale-id").input_value(), page.locator("#payment-summary .row.spread")
    till.pay_with("Kontant")
    hammer(button(till.stage, word("pay.cashExact")))
    till.expect_stage(word("result.paid"))
    expect(payments).to_have_count(1)
    till.stage.get_by_role("link", name=word("result.viewSale")).dblclick()
    hammer(button(page, word("refund.refund")))
    expect(till.dialog).to_have_count(1)
    hammer(button(till.dialog, word("refund.selectAll")))
    hammer(button(till.dialog, word("refund.refund")))
    expect(till.sale.locator(".line.return")).to_have_count(2)
    hammer(till.sale.locator(".pay-buttons").get_by_role("button", name="Kontant"))
    expect(till.dialog).to_have_count(1)
    hammer(button(till.dialog, word("generic.ok")))
    expect(till.sale.locator(".result.good")).to_be_visible()
    till.go(f"sales/{sold}")
    expect(page.locator("#sale-view .totals", has_text=word("view.refunded"))).to_contain_text("84.00")
    expect(page.locator("section[aria-labelledby=financial-title] a[href^='#/sales/']")).to_have_count(1)  # one return


def _count(heading: str) -> int:
    return int(heading.rsplit("-", 1)[1])


# Ears instead of eyes

LISTEN = """() => { window.said = []; new MutationObserver(() => {
    const words = document.getElementById("announcer").textContent;
    if (words && said.at(-1) !== words) said.push(words);
}).observe(document.getElementById("announcer"), { childList: true, characterData: true, subtree: true }) }"""


@LANGUAGES
def test_screen_reader_hears_each_change_of_the_payment(open_till, language):
    """What is put into the live region, in its order, from the request to the money."""
    till = open_till(language=language)
    page, word = till.page, till.word
    till.start_sale("Espresso")
    assert page.locator("#announcer").get_attribute("aria-live") == "assertive"
    page.evaluate(LISTEN)
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage(word("wait.forCustomer"))
    button(till.stage, word("wait.abort")).click()
    till.expect_stage(word("result.aborted"))
    button(till.stage, word("result.again")).click()
    button(till.stage, word("pay.pay")).click()
    till.identify()
    till.expect_stage(word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(word("result.paid"))
    told = [word(key) for key in ("wait.forCustomer", "result.aborted", "wait.forCustomer", "result.paid")]
    page.wait_for_function("last => said.at(-1)?.startsWith(last)", arg=told[-1])
    heard = iter(page.evaluate("said"))
    for words in told:
        assert any(said.startswith(words) for said in heard), f"“{words}” was not said in its turn"
