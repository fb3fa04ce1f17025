"""The set-up as an administrator walks it, rows 2 to 6 of the guide; the pages of products, users and the operator."""

import re

import pytest
from playwright.sync_api import expect

ADMINISTRATOR = {"user": "admin", "password": "surdeigsbrod", "till": None}
OPERATOR = {"user": "operator", "password": "fjernhjelp", "till": None}


def save(till) -> None:
    till.dialog.get_by_role("button", name="Save").click()


def expect_saved(till) -> None:
    expect(till.dialog).to_have_count(0)


def test_keys_are_set_checked_and_never_shown(open_till):
    till = open_till(**ADMINISTRATOR)
    page = till.page
    till.go("vipps-agreements")
    page.get_by_role("button", name="New agreement").click()
    till.dialog.get_by_label("Display name").fill("Vipps Trondheim")
    till.dialog.get_by_text("Set API Keys").click()
    till.dialog.get_by_label("client_id").fill("not-a-client")
    save(till)
    expect(page.locator("#client-secret-error")).to_have_text("This field is needed.")
    till.dialog.get_by_label("client_secret").fill("whispered-secret")
    till.dialog.get_by_label("Ocp-Apim-Subscription-Key").fill("not-a-subscription")
    till.picture("1-keys")
    save(till)
    expect_saved(till)
    page.get_by_role("link", name="Vipps Trondheim").click()
    expect(page.locator("#agreement-name")).to_have_text("Vipps Trondheim")
    page.get_by_role("button", name="Check keys").click()
    expect(page.locator("#keys-check")).to_contain_text("Vipps refuses the keys", timeout=20_000)
    till.picture("2-refused")
    page.get_by_role("button", name="Edit Vipps Trondheim").click()
    expect(till.dialog).to_contain_text(re.compile(r"Set \d\d:\d\d by Anne"))
    expect(till.dialog.get_by_text("Replace API keys")).to_be_visible()
    assert "whispered-secret" not in page.content() and "not-a-client" not in page.content()
    page.keyboard.press("Escape")
    expect(till.dialog).to_have_count(0)
    page.get_by_role("link", name="Vipps Oslo").click()
    page.get_by_role("button", name="Check keys").click()
    expect(page.locator("#keys-check")).to_contain_text("Vipps accepts the keys", timeout=20_000)
    page.get_by_role("button", name=re.compile("^Register")).click()
    expect(page.locator("#webhooks .chip.good")).to_have_count(2, timeout=20_000)
    till.picture("3-registered")


def test_sales_unit_is_refused_with_words_at_the_field(open_till):
    till = open_till(**ADMINISTRATOR)
    till.go("vipps-sales-units")
    till.page.get_by_role("button", name="New sales unit").click()
    till.dialog.get_by_label("Organizational unit").select_option(index=1)
    till.dialog.get_by_label("Display name").fill("Fjellheim Torget")
    till.dialog.get_by_label("Vipps agreement").select_option(label="Vipps Oslo")
    msn = till.dialog.get_by_label("Merchant Serial Number")
    for typed, words in (("12", "4 to 10 digits"), ("123456", "“Fjellheim Oslo” already uses this")):
        msn.fill(typed)
        save(till)
        expect(till.page.locator("#sales-unit-msn-error")).to_contain_text(words)
        expect(msn).to_be_focused()
    till.picture("refused")
    msn.fill("777001")
    save(till)
    expect_saved(till)
    expect(till.page.locator("#sales-units")).to_contain_text("777001")


def test_codes_are_synced_made_shown_renamed_and_deleted(open_till):
    till = open_till(**ADMINISTRATOR)
    page = till.page
    till.go("vipps-sales-units")
    page.get_by_role("button", name="Merchant callback QRs Fjellheim Oslo").click()
    till.dialog.get_by_role("button", name="Sync with Vipps").click()
    expect(till.dialog).to_contain_text("In step with Vipps since", timeout=20_000)
    till.dialog.get_by_role("button", name="New code").click()
    till.dialog.get_by_label("Name of the place").fill("Uteservering")
    save(till)
    show = till.dialog.get_by_role("button", name="View QR image Uteservering")
    expect(show).to_be_visible(timeout=20_000)
    till.picture("1-codes")
    show.click()
    image = till.dialog.get_by_role("img", name="QR code of Uteservering")
    expect(image).to_be_visible(timeout=20_000)
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    expect(till.dialog.get_by_role("button", name="Print")).to_be_visible()
    till.picture("2-image")
    till.dialog.get_by_role("button", name="Back").click()
    till.dialog.get_by_role("button", name="Rename Uteservering").click()
    till.dialog.get_by_label("Name of the place").fill("Terrassen")
    save(till)
    delete = till.dialog.get_by_role("button", name="Delete Terrassen")
    expect(delete).to_be_visible(timeout=20_000)
    delete.click()
    till.picture("3-delete")
    till.dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(till.dialog).not_to_contain_text("Terrassen", timeout=20_000)
    till.dialog.get_by_role("button", name="Delete Kasse 1, Oslo").click()
    till.dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("The code stands at “Kasse 1”")


def test_a_press_outlives_the_swap_of_its_button(open_till):
    till = open_till(**ADMINISTRATOR)
    page = till.page
    till.go("vipps-sales-units")
    page.get_by_role("button", name="Merchant callback QRs Fjellheim Oslo").click()
    button = till.dialog.get_by_role("button", name="New code")
    expect(button).to_be_visible()
    pressed = button.element_handle()
    button.hover()
    page.mouse.down()
    page.evaluate("document.getElementById('qrs-sync').click()")
    page.wait_for_function("button => !button.isConnected", arg=pressed)
    page.mouse.up()
    expect(till.dialog.get_by_label("Name of the place")).to_be_visible()


def test_profile_is_edited_and_chosen_for_the_session(open_till):
    till = open_till(**ADMINISTRATOR)
    page = till.page
    till.go("agentInstances")
    expect(page.locator("#agent-instances")).to_contain_text("NoAgent")
    till.picture("1-grid")
    page.get_by_role("link", name="View agent profiles: Kasse 2").click()
    page.get_by_role("button", name="New profile").click()
    till.dialog.get_by_label("Name", exact=True).fill("Kveld")
    expect(till.dialog.get_by_label("Merchant callback QR")).to_be_disabled()
    till.dialog.get_by_label("Vipps sales unit").select_option(label="Fjellheim Oslo (123456)")
    codes = till.dialog.get_by_label("Merchant callback QR")
    expect(codes).to_be_enabled()
    expect(codes.locator("option", has_text="Used by Kasse 1")).to_be_disabled()
    codes.select_option(label="Kasse 2, Oslo")
    till.picture("2-profile")
    save(till)
    expect_saved(till)
    page.get_by_role("button", name="Use in this session: Kveld").click()
    head = page.locator(".topbar .till")
    expect(head).to_contain_text("Kasse 2")
    expect(head).to_contain_text("Kveld")
    expect(page.locator("tr.selected")).to_contain_text("Used in this session")
    till.picture("3-chosen")
    page.get_by_role("button", name="Delete Kveld").click()
    till.dialog.get_by_role("button", name="Delete").click()
    expect(page.locator("#agent-profiles")).not_to_contain_text("Kveld")


def test_product_is_on_sale_at_once(open_till):
    till, cashier = open_till(**ADMINISTRATOR), open_till()
    cashier.go("new-sale")
    cashier.page.locator("#find").fill("rabarbra")
    till.go("products")
    till.page.get_by_role("button", name="New product").click()
    for label, text in (("Name", "Rabarbrakake"), ("Number", "5077"), ("Price with VAT", "4x"), ("VAT rate", "15")):
        till.dialog.get_by_label(label, exact=True).fill(text)
    save(till)
    expect(till.page.locator("#product-price-error")).to_contain_text("not an amount")
    till.dialog.get_by_label("Price with VAT").fill("57,50")
    save(till)
    expect_saved(till)
    till.page.get_by_role("searchbox").fill("rabarbra")
    expect(till.page.locator("#products tbody tr")).to_have_count(1)
    cashier.page.locator("#find").fill("")
    cashier.page.locator("#find").fill("rabarbra")
    expect(cashier.page.locator(".tile", has_text="Rabarbrakake")).to_be_visible()
    till.page.get_by_role("button", name="Edit Rabarbrakake").click()
    till.dialog.get_by_role("button", name="Delete").click()
    expect(till.dialog).to_contain_text("Delete “Rabarbrakake”?")
    till.dialog.get_by_role("button", name="Delete").click()
    expect(till.page.locator("#products")).to_contain_text("Nothing found")


def test_user_is_added_and_locked(open_till):
    till = open_till(**ADMINISTRATOR)
    till.go("users")
    till.page.get_by_role("button", name="New user").click()
    till.dialog.get_by_label("Full name").fill("Liv Berg")
    till.dialog.get_by_label("User name").fill("liv")
    till.dialog.get_by_label("Password").fill("kort")
    save(till)
    expect(till.page.locator("#user-password-error")).to_contain_text("8 to 128 characters")
    till.dialog.get_by_label("Password").fill("havregryn")
    save(till)
    expect_saved(till)
    liv = open_till(user="liv", password="havregryn", till=None)
    till.page.get_by_role("button", name="Edit Liv Berg").click()
    till.dialog.get_by_label("Active").uncheck()
    save(till)
    expect_saved(till)
    expect(till.page.locator("tr", has_text="Liv Berg")).to_contain_text("Locked")
    liv.go("processed-sales")
    expect(liv.page.locator("#user")).to_be_visible()


def test_operator_sees_four_services_and_their_streams(open_till):
    till = open_till(**OPERATOR)
    till.go("operations")
    expect(till.page.locator("#services .chip.good:visible")).to_have_count(4, timeout=20_000)
    expect(till.page.locator("#streams tr")).not_to_have_count(0)
    expect(till.page.get_by_text("No dead letters.")).to_be_visible()
    till.picture("operations")
    refused = till.page.evaluate("fetch('/pos/pages/users').then(answer => answer.status)")
    assert refused == 403


@pytest.mark.parametrize("language", ["en", "nb", "fi"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_set_up_pages_fit_and_are_drawn(open_till, language, dark, width):
    """No page and no dialog scrolls sideways; every one is written to a picture."""
    till = open_till(**ADMINISTRATOR, language=language, width=width, dark=dark)
    for route, dialog in (("vipps-agreements", "#new-agreement"), ("vipps-sales-units", "#new-sales-unit"),
                          ("agentInstances", "#new-till"), ("products", "#new-product"), ("users", "#new-user")):
        till.go(route)
        expect(till.page.locator(dialog)).to_be_visible()
        till.picture(route)
        wide = till.page.evaluate("[...document.querySelectorAll('html, #main, .card')]"
                                  ".filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.className || part.id)")
        assert not wide, f"{route} scrolls sideways: {wide}"
        till.page.locator(dialog).click()
        expect(till.dialog).to_be_visible()
        till.picture(f"{route}-new")
        assert till.dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth"), f"{route}: dialog"
        till.page.keyboard.press("Escape")
