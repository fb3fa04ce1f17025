"""A customer who answers on the page of her phone: she reads what the shop asks for and presses a button."""

import re

from playwright.sync_api import Page, expect

from till import MANUAL, Till


def phone_of(till: Till, person: str = "47" + MANUAL) -> Page:
    """Her phone, beside the till."""
    phone = till.page.context.new_page()
    phone.faults = []
    phone.on("pageerror", lambda error: phone.faults.append(str(error)))
    phone.goto(f"{till.product.simulator_url}/phone/{person}")
    return phone


def ask_for(till: Till, product: str) -> str:
    """A sale of one product whose payment waits for the customer; its number."""
    number = till.start_sale(product)
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    return number


def test_approves_what_she_reads(open_till):
    till = open_till()
    phone = phone_of(till)
    number = ask_for(till, "Espresso")
    request = phone.get_by_role("article", name=re.compile("Payment request from")).filter(has_text=number)
    expect(request).to_contain_text(f"Fjellheim Kaffe & Bakeri: payment for sale {number}")
    expect(request).to_contain_text("Espresso")
    till.picture("1-asked", phone)
    request.get_by_role("button", name=re.compile("^Approve .*35")).click()
    till.expect_stage("Paid")
    expect(till.stage).to_contain_text(f"Sale {number} is completed.")
    newest = phone.get_by_role("listitem").filter(has_text=number)
    expect(newest).to_contain_text("Paid")
    expect(request).to_have_count(0)
    till.picture("2-paid", phone)


def test_declines_and_the_sale_stays_open(open_till):
    till = open_till()
    phone = phone_of(till)
    number = ask_for(till, "Espresso")
    phone.get_by_role("article").filter(has_text=number).get_by_role("button", name="Decline").click()
    till.expect_stage("The customer declined")
    newest = phone.get_by_role("listitem").filter(has_text=number)
    expect(newest).to_contain_text("Declined")
    till.picture("declined", phone)
    till.page.get_by_role("link", name="Back to the sale").first.click()
    expect(till.in_hand).to_be_attached()
    till.abandon()
