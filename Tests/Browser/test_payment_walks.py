"""The main job: a sale is rung up, paid, and completes by itself; and everything that can happen instead."""

import re

from playwright.sync_api import expect

from till import MANUAL


def test_sale_paid_by_phone_completes_by_itself(open_till):
    till = open_till()
    number = till.start_sale("Espresso", "Kanelbolle")
    till.picture("1-basket")
    till.pay_with("Vipps")
    expect(till.dialog).to_be_visible()
    till.picture("2-identify")
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.picture("3-waiting")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    till.picture("4-paid")
    expect(till.stage).to_contain_text(f"Sale {number} is completed.")
    expect(till.stage.get_by_role("button", name="Next sale")).to_be_focused()
    till.page.keyboard.press("F2")
    expect(till.sale).to_contain_text("The basket is empty")


def test_sale_completes_although_the_page_was_closed(open_till):
    till = open_till()
    number = till.start_sale("Brownie")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.page.goto("about:blank")
    till.control.act("47" + MANUAL, "approve")
    till.go("processed-sales")
    row = till.page.locator("tr", has_text=number)
    expect(row).to_contain_text("Completed", timeout=20_000)


def test_aborted_payment_leaves_the_sale_to_be_paid_again(open_till):
    till = open_till()
    till.start_sale("Cortado")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.stage.get_by_role("button", name="Abort").click()
    till.expect_stage("Payment aborted")
    till.picture("aborted")
    till.stage.get_by_role("button", name="Pay again").click()
    till.stage.get_by_role("button", name="Pay").click()
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_declined_payment_says_so(open_till):
    till = open_till()
    till.start_sale("Loff")
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "decline")
    till.expect_stage("The customer declined")
    till.picture("declined")
    till.page.get_by_role("link", name="Back to the sale").first.click()
    till.abandon()


def test_a_part_by_vipps_and_the_rest_in_cash(open_till):
    till = open_till()
    till.start_sale("Flat white", "Brownie")
    till.pay_with("Vipps", "50,00")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Part paid")
    expect(till.stage).to_contain_text("51.00")
    till.picture("part-paid")
    till.stage.get_by_role("link", name="Back to the sale").click()
    till.pay_with("Kontant")
    till.page.get_by_label("Cash received").fill("100")
    expect(till.page.get_by_text("Change to give back")).to_contain_text("49.00")
    till.picture("cash")
    till.stage.get_by_role("button", name=re.compile("^Pay")).click()
    till.expect_stage("Paid")
    expect(till.stage).to_contain_text("49.00")


def test_customer_who_scans_the_code_is_charged_by_itself(open_till):
    till = open_till()
    till.start_sale("Espresso")
    till.pay_with("Vipps")
    expect(till.dialog).to_be_visible()
    till.dialog.get_by_label("Phone number").press_sequentially("9", delay=80)
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    expect(till.dialog).to_have_count(0)
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_check_in_that_came_first_is_offered_or_thrown_away(open_till):
    till = open_till()
    till.start_sale("Espresso")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    expect(till.sale).to_contain_text("A customer has scanned the code")
    till.pay_with("Vipps")
    expect(till.dialog).to_contain_text("Scanned")
    till.picture("checked-in")
    till.dialog.get_by_role("button", name="Wrong customer").click()
    expect(till.dialog).not_to_contain_text("Scanned")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_number_being_typed_outlives_a_live_update(open_till):
    till = open_till()
    till.start_sale("Espresso")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.pay_with("Vipps")
    expect(till.dialog).to_contain_text("Scanned")
    till.dialog.get_by_label("Phone number").fill(MANUAL[:5])
    till.dialog.get_by_role("button", name="Wrong customer").click()
    expect(till.dialog).not_to_contain_text("Scanned")
    field = till.dialog.get_by_label("Phone number")
    expect(field).to_have_value(MANUAL[:5])
    field.press("End")
    till.page.keyboard.type(MANUAL[5:], delay=60)
    till.page.keyboard.press("Enter")
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_check_in_that_came_first_pays(open_till):
    till = open_till()
    till.start_sale("Te, valgfri smak")
    till.control.scan("47" + MANUAL, msn="123456", merchantQrId="fjellheim-oslo-1")
    till.pay_with("Vipps")
    till.dialog.get_by_role("button", name="Charge this customer").click()
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_one_time_code_is_drawn_and_can_be_scanned(open_till):
    till = open_till()
    till.start_sale("Iskaffe")
    till.pay_with("Vipps")
    till.dialog.get_by_role("button", name="Code on the customer screen").click()
    image = till.stage.locator(".qr img")
    expect(image).to_be_visible(timeout=20_000)
    till.picture("one-time-code")
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    payment = till.control.call("GET", "payments?msn=123456&state=CREATED")
    till.stage.get_by_role("button", name="Use a phone number").click()
    till.identify()
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    assert payment


def test_customers_own_code_read_by_the_scanner(open_till):
    till = open_till()
    till.start_sale("Eplemost")
    till.pay_with("Vipps")
    expect(till.dialog).to_be_visible()
    till.scan(till.control.personal_code("47" + MANUAL))
    till.expect_stage("Waiting for the customer")
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")


def test_wrong_input_is_told_at_the_field_and_changes_nothing(open_till):
    till = open_till()
    till.start_sale("Espresso")
    till.pay_with("Vipps", "350,00")
    expect(till.page.locator("#pay-amount-error")).to_have_text(re.compile("Only .*35.00 is due"))
    expect(till.page.get_by_label("Amount", exact=True)).to_be_focused()
    till.page.get_by_label("Amount", exact=True).fill("abc")
    till.stage.get_by_role("button", name="Pay").click()
    expect(till.page.locator("#pay-amount-error")).to_contain_text("This is not an amount")
    till.page.get_by_label("Amount", exact=True).fill("35,00")
    till.page.get_by_text("Email invoice").click()
    till.stage.get_by_role("button", name="Pay").click()
    expect(till.page.locator("#pay-email-error")).to_have_text("This field is needed.")
    till.picture("errors")
    till.page.get_by_label("Email address").fill("kunde@example.com")
    till.stage.get_by_role("button", name="Pay").click()
    till.identify("12")
    expect(till.page.locator("#phone-error")).to_contain_text("not a phone number")
    till.identify("+4790000000")
    till.expect_stage("The payment could not be made")
    expect(till.stage).to_contain_text("could not be sent to this number")
    till.picture("failed")


def test_two_tills_and_the_list_stay_true_without_reloading(open_till):
    till, other = open_till(), open_till("admin", "surdeigsbrod", till=None)
    number = till.start_sale("Espresso")
    other.go("processed-sales")
    row = other.page.locator("tr", has_text=number)
    expect(row).to_contain_text("Open")
    till.pay_with("Vipps")
    till.identify()
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid")
    expect(row).to_contain_text("Completed")


def test_customer_display_follows_the_till(open_till, product):
    till = open_till()
    till.go("agentInstances")
    till.start_sale("Espresso")
    display = till.page.context.new_page()
    display.goto(f"{product.base_url}/pos/display/f7e11b00-0003-4000-8000-000000000001")
    expect(display.get_by_text("35.00").first).to_be_visible()
    till.pay_with("Vipps")
    till.dialog.get_by_role("button", name="Code on the customer screen").click()
    expect(display.locator(".qr img")).to_be_visible(timeout=20_000)
    till.pictures.mkdir(parents=True, exist_ok=True)
    display.screenshot(path=till.pictures / "display-code.png")
    expect(till.stage.locator(".qr img")).to_be_visible(timeout=20_000)
    till.stage.get_by_role("button", name="Use a phone number").click()
    till.identify()
    expect(display.get_by_role("heading", name="Approve in Vipps")).to_be_visible(timeout=20_000)
    till.control.act("47" + MANUAL, "approve")
    expect(display.get_by_role("heading", name="Paid")).to_be_visible(timeout=20_000)
    display.screenshot(path=till.pictures / "display-paid.png")
