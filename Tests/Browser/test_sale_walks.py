"""The basket by hand, by keyboard and by scanner; processed sales; goods and money back."""

import re

import pytest
from playwright.sync_api import expect

from till import MANUAL


def test_sign_in_refuses_in_words(open_till, product, chromium):
    page = chromium.new_page()
    page.goto(f"{product.base_url}/pos/app/#/processed-sales")
    page.locator("#user").fill("kari")
    page.locator("#password").fill("wrong-password")
    page.locator("form button.primary").click()
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    page.get_by_role("button", name="Suomi").click()
    expect(page.get_by_role("heading")).to_have_text("Kirjaudu sisään")
    page.close()


def test_scanner_alone_rings_up_wherever_the_focus_is(open_till):
    till = open_till()
    till.start_sale()
    till.scan("2000010010011")
    expect(till.sale.locator(".line")).to_contain_text("Filterkaffe, liten")
    till.page.get_by_label("Find by name, number or barcode").click()
    till.scan("2000010010011")
    expect(till.sale.locator("output")).to_have_text("2")
    expect(till.page.get_by_label("Find by name, number or barcode")).to_have_value("")
    for _ in range(5):
        till.scan("2000010010103")
    expect(till.sale.locator(".line", has_text="Kanelbolle").locator("output")).to_have_text("5")
    till.scan("0000000000000")
    expect(till.page.locator(".toast.bad")).to_contain_text("No product has the code 0000000000000")
    till.abandon()


def test_keyboard_alone_sells(open_till):
    till = open_till()
    till.start_sale()
    page = till.page
    page.keyboard.press("F1")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("gulrot", delay=60)
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(till.sale.locator(".line")).to_contain_text("Gulrotkake")
    page.keyboard.press("F9")
    expect(till.stage.get_by_role("button", name="Pay")).to_be_focused()
    page.keyboard.press("Enter")
    expect(till.dialog.get_by_label("Phone number")).to_be_focused()
    page.keyboard.type(MANUAL, delay=60)
    page.keyboard.press("Enter")
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    page.keyboard.press("F2")
    expect(till.sale).to_contain_text("The basket is empty")


def test_basket_quantity_price_discount_park_and_resume(open_till):
    till = open_till()
    number = till.start_sale("Espresso", "Brownie")
    espresso = till.sale.locator(".line", has_text="Espresso")
    espresso.get_by_role("button", name="One more: Espresso").click()
    expect(espresso.locator("output")).to_have_text("2")
    expect(till.page.locator(":focus")).to_have_attribute("aria-label", "One more: Espresso")
    espresso.get_by_role("button", name="Edit Espresso").click()
    till.dialog.get_by_label("Unit price").fill("30")
    till.dialog.get_by_label("Discount", exact=True).fill("200")
    till.dialog.get_by_role("button", name="Save").click()
    expect(till.page.locator("#line-discount-error")).to_contain_text("0 to 100")
    till.picture("edit-line")
    till.dialog.get_by_label("Discount", exact=True).fill("10")
    till.dialog.get_by_role("button", name="Save").click()
    expect(till.sale.locator(".line", has_text="Espresso")).to_contain_text("54.00")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name="Park", exact=True).click()
    expect(till.in_hand).to_have_count(0)
    till.sale.get_by_role("button", name=re.compile("parked")).click()
    till.picture("parked")
    till.dialog.locator(".choice-row", has_text=number).get_by_role("button", name="Resume").click()
    expect(till.sale).to_contain_text(number)
    till.abandon()


def test_refund_of_a_part_goes_back_the_way_it_came(open_till):
    till = open_till()
    number = till.start_sale("Espresso", "Brownie")
    till.sale.get_by_role("button", name="One more: Brownie").click()
    expect(till.sale.locator(".line", has_text="Brownie").locator("output")).to_have_text("2")
    before = till.control.books()
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")

    till.go("processed-sales")
    till.picture("1-list")
    till.page.locator("tr", has_text=number).get_by_role("link", name="View").click()
    expect(till.page.get_by_role("heading", name=f"Sale {number}")).to_be_visible()
    till.page.get_by_role("button", name="Event log").first.click()
    expect(till.page.locator(".event-log")).to_contain_text("Money captured", timeout=20_000)
    till.picture("2-view")
    till.page.get_by_role("button", name=re.compile("^Refund")).click()
    till.dialog.get_by_role("button", name="Refund").click()
    expect(till.dialog.get_by_role("alert")).to_have_text("Select at least one line.")
    till.dialog.get_by_role("checkbox", name=re.compile("Brownie")).check()
    till.dialog.get_by_label("Quantity to return: Brownie").fill("1")
    till.picture("3-choose")
    till.dialog.get_by_role("button", name="Refund").click()
    expect(till.sale).to_contain_text(f"Return of sale {number}")
    till.picture("4-return")
    till.sale.locator("summary").click()
    till.sale.get_by_role("button", name="Refund original sale payment").click()
    till.dialog.get_by_label("Amount").fill("99")
    till.dialog.get_by_role("button", name="Ok").click()
    expect(till.page.locator("#refund-amount-error")).to_contain_text("worth only")
    till.dialog.get_by_label("Amount").fill("49")
    till.picture("5-amount")
    till.dialog.get_by_role("button", name="Ok").click()
    expect(till.sale).to_contain_text("completed", timeout=20_000)
    till.picture("6-done")
    after = till.control.books()
    assert after["captured"] - before["captured"] == 3500 + 2 * 4900
    assert after["refunded"] - before["refunded"] == 4900


def test_refund_that_vipps_refuses_says_why_and_changes_nothing(open_till):
    till = open_till()
    number = till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    till.control.call("POST", "faults", {"kind": "domain-error", "operation": "refund", "code": 6220})
    till.page.get_by_role("link", name="View sale").click()
    till.page.get_by_role("button", name=re.compile("^Refund")).click()
    till.dialog.get_by_role("button", name="Select all").click()
    till.dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(till.sale).to_contain_text(f"Return of sale {number}")
    till.sale.locator(".pay-buttons").get_by_role("button", name="Vipps").click()
    till.dialog.get_by_role("button", name="Ok").click()
    expect(till.sale.get_by_role("alert")).to_contain_text("Payments can be refunded for 365 days", timeout=20_000)
    till.picture("refused")
    till.abandon()


@pytest.mark.parametrize("language", ["nb", "fi"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_pages_fit_and_are_drawn(open_till, language, dark, width):
    """No page scrolls sideways; every one is written to a picture."""
    till = open_till(till=None, language=language, width=width, dark=dark)
    for route in ("new-sale", "processed-sales", "agentInstances"):
        till.go(route)
        expect(till.page.locator("#main [data-title]")).to_be_attached()
        till.picture(route)
        assert till.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{route} scrolls sideways"
