"""How heavy and how restless a page is, measured in the browser behind nginx: all of it (HTML, CSS, JS) before compression,
what moves without being asked, and what the Content-Security-Policy lets through."""

import pytest
from playwright.sync_api import expect

from test_tour import DISPLAY, button
from till import MANUAL

MOST_BYTES = 120_000
KINDS = ("text/html", "text/css", "text/javascript")
EVERYBODY = {"cashier": {"user": "kari", "password": "kanelbolle"},
             "administrator": {"user": "admin", "password": "surdeigsbrod"},
             "operator": {"user": "operator", "password": "fjernhjelp", "till": None}}
PAGES = {"cashier": ("new-sale", "processed-sales", "agentInstances"),
         "administrator": ("products", "users", "vipps-agreements", "vipps-sales-units", "agentInstances"),
         "operator": ("operations", "processed-sales")}
SHIFTS = """() => { window.shifts = []; new PerformanceObserver(list => { for (const one of list.getEntries())
    if (!one.hadRecentInput) shifts.push([one.value, ...one.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "")]) })
    .observe({ type: "layout-shift", buffered: true }) }"""


def weigh(page, address: str, is_shown) -> tuple[int, dict[str, int]]:
    """Loads an address from nothing and adds up what it took: bytes before compression by kind of file. A live part that is
    asked for again once the page listens takes the place of what is counted already."""
    parts = {}

    def note(answer) -> None:
        request = answer.request
        is_again = request.headers.get("hx-target", "main") != "main"
        is_markup = any(kind in answer.headers.get("content-type", "") for kind in KINDS)
        if is_markup and answer.status == 200 and not is_again:
            parts[answer.url.removeprefix(address.split("/pos/")[0])] = len(answer.body())

    page.goto("about:blank")
    page.on("response", note)
    try:
        page.goto(address)
        is_shown()
        page.wait_for_load_state("load")
    finally:
        page.remove_listener("response", note)
    return sum(parts.values()), parts


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_page_is_light(open_till, product, who):
    till = open_till(**EVERYBODY[who])
    page = till.page
    addresses = [(route, f"{product.base_url}/pos/app/#/{route}") for route in PAGES[who]]
    if who == "administrator":
        addresses.append(("incoming-payment-options", f"{product.base_url}/financial/app/#/incoming-payment-options"))
    if who == "cashier":
        till.start_sale("Espresso", "Brownie", "Cappuccino", "Cortado", "Caffè latte")
        sale = page.locator("#sale-id").input_value()
        addresses += [(name, f"{product.base_url}/pos/app/#/{name}/{sale}") for name in ("payment", "sales")]
        addresses.append(("display", f"{product.base_url}{DISPLAY}2"))
    for name, address in addresses:
        total, parts = weigh(page, address, lambda: expect(page.locator("#main h1, .display h1").first).to_be_attached())
        assert len(parts) >= 4, f"{name}: not all was counted: {parts}"
        assert total <= MOST_BYTES, f"{name} is {total} bytes: {parts}"


def test_sign_in_page_is_light(open_till, product):
    page = open_till(user=None).page
    total, parts = weigh(page, f"{product.base_url}/pos/app/sign-in", lambda: expect(page.locator("#user")).to_be_visible())
    assert len(parts) >= 3 and total <= MOST_BYTES, f"{total} bytes: {parts}"


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
def test_nothing_moves_by_itself_while_a_customer_pays(open_till, width, height):
    """From [Pay] to paid: what changes on the screen does not push anything else away."""
    till = open_till(width=width, height=height)
    till.start_sale("Espresso")
    till.page.reload()
    expect(till.in_hand).to_be_attached()
    till.page.evaluate(SHIFTS)
    till.sale.locator(".pay-buttons").get_by_role("link", name="Vipps").click()
    button(till.stage, till.word("pay.pay")).click()
    till.identify()
    till.expect_stage(till.word("wait.forCustomer"))
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage(till.word("result.paid"))
    till.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shifts = till.page.evaluate("shifts")
    assert sum(one[0] for one in shifts) < 0.02, f"moved by itself: {shifts}"


def test_every_answer_forbids_foreign_and_inline_code(open_till, product):
    """The policy is on every page, pushes away what is not ours, and does so without a complaint of the browser."""
    till = open_till(**EVERYBODY["administrator"])
    page = till.page
    policies = {}
    page.on("response", lambda answer: policies.update({answer.url: answer.headers.get("content-security-policy")})
            if answer.request.resource_type in ("document", "xhr", "fetch") else None)
    for address in ("/pos/app/", "/financial/app/", "/pos/app/sign-in", f"{DISPLAY}2"):
        page.goto(f"{product.base_url}{address}")
        expect(page.locator("h1, #user").first).to_be_attached()
    assert len(policies) >= 6
    for url, policy in policies.items():
        assert policy and "default-src 'none'" in policy and "script-src 'self'" in policy, f"{url}: {policy}"
        assert "unsafe" not in policy and "*" not in policy, f"{url}: {policy}"
    assert page.evaluate("""() => {
        const sign = document.createElement("script");
        sign.textContent = "window.inlineRan = true";
        document.body.append(sign);
        return window.inlineRan === undefined;
    }"""), "an inline script ran"
    page.faults[:] = [fault for fault in page.faults if "inline script" not in fault]  # the one complaint just provoked
    assert not page.faults
