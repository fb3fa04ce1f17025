"""What the browser shows when the wire is cut, the browser closed, or several look at once: a lost connection is told, a
payment goes on without anybody watching, and every page catches up without being loaded again."""

import pytest
from playwright.sync_api import expect

from launcher.product import FRONT_DOOR
from test_tour import button
from till import MANUAL

ADMINISTRATOR = {"user": "admin", "password": "surdeigsbrod", "till": None}
MARKED = "document.documentElement.dataset.neverReloaded === 'yes'"


def mark(page) -> None:
    """Leaves something behind that a reload would take away."""
    page.evaluate("document.documentElement.dataset.neverReloaded = 'yes'")


@pytest.fixture
def cut(product):
    """Takes processes away, and gives back whatever is still missing after the test."""
    gone = []

    def kill(name: str) -> None:
        if name == FRONT_DOOR:
            product.stop_service(name)  # nginx killed outright leaves its workers answering
        else:
            product.kill(name)
        gone.append(name)

    def give_back(name: str) -> None:
        product.start_service(name)
        product.wait_ready(name, seconds=60)
        gone.remove(name)

    kill.give_back = give_back
    yield kill
    for name in list(gone):
        give_back(name)


def connection(till, key: str):
    """The sign of the live connection in the page's head, in this state's words."""
    return till.page.locator(".connection").get_by_text(till.word(key), exact=True)


@pytest.mark.parametrize("language", ["en", "nb"])
def test_live_updates_are_cut_in_the_middle_of_a_payment(open_till, cut, language):
    """The relay is killed while the customer thinks. The payment goes on, and the page tells so once the relay is back."""
    till = open_till(language=language)
    number = till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage(till.word("wait.forCustomer"))
    mark(till.page)
    cut("notification-relay")
    expect(connection(till, "frame.offline")).to_be_visible(timeout=30_000)
    expect(till.page.locator("#announcer")).to_have_text(till.word("frame.offlineAnnounced"))
    till.picture("offline")
    till.control.act("47" + MANUAL, "approve")
    expect(till.stage).to_contain_text(till.word("wait.forCustomer"))
    cut.give_back("notification-relay")
    till.expect_stage(till.word("result.paid"), seconds=60)
    expect(till.stage).to_contain_text(number)
    expect(connection(till, "frame.online")).to_be_visible()
    assert till.page.evaluate(MARKED), "the page was loaded again"


def test_live_update_that_fails_is_asked_for_again_without_a_word(open_till):
    """Nobody wished for it, so nobody is told of its failure; what it would have shown comes all the same."""
    till = open_till()
    till.start_sale("Espresso")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    failures = []
    till.page.route("**/pos/pages/payment/*/stage?*", lambda route: (
        failures.append(route.request.url), route.fulfill(status=502, body="Bad Gateway")), times=2)
    till.control.act("47" + MANUAL, "approve")
    till.expect_stage("Paid", seconds=30)
    assert len(failures) == 2
    expect(till.page.locator(".toast.bad")).to_have_count(0)
    till.page.faults[:] = [fault for fault in till.page.faults if "Error Code 502" not in fault]  # the two just provoked


def test_front_door_is_cut_in_the_middle_of_a_payment(open_till, cut):
    """Nothing of ours answers the browser for a while. What is pressed meanwhile is refused in words and counts once."""
    till = open_till()
    till.start_sale("Brownie")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage("Waiting for the customer")
    mark(till.page)
    cut(FRONT_DOOR)
    expect(connection(till, "frame.offline")).to_be_visible(timeout=30_000)
    button(till.stage, "Abort").click()
    expect(till.page.locator(".toast.bad")).to_contain_text("The server does not answer")
    expect(till.stage).to_contain_text("Waiting for the customer")
    cut.give_back(FRONT_DOOR)
    expect(connection(till, "frame.online")).to_be_visible(timeout=60_000)
    button(till.stage, "Abort").click()
    till.expect_stage("Payment aborted")
    assert till.page.evaluate(MARKED), "the page was loaded again"
    button(till.stage, "Pay again").click()
    button(till.stage, "Pay").click()
    till.identify()
    till.expect_stage("Waiting for the customer")
    cut(FRONT_DOOR)
    expect(connection(till, "frame.offline")).to_be_visible(timeout=30_000)
    till.control.act("47" + MANUAL, "approve")
    cut.give_back(FRONT_DOOR)
    till.expect_stage("Paid", seconds=90)
    assert till.page.evaluate(MARKED), "the page was loaded again"


def test_service_that_does_not_answer_is_told_in_words_and_comes_back(open_till, cut, product):
    """A page of a service that is down says what to do, and that no payment is lost."""
    till = open_till(**ADMINISTRATOR)
    cut("financial-service")
    till.page.goto(f"{product.base_url}/financial/app/#/incoming-payment-options")
    expect(till.page.get_by_role("heading")).to_have_text("This part of the till does not answer just now")
    expect(till.page.locator("body")).to_contain_text("No payment is lost")
    cut.give_back("financial-service")
    till.page.get_by_role("link", name="Try again").click()
    expect(till.page.locator("#payment-options")).to_contain_text("Kontant")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_browser_closed_between_pay_and_approval(open_till, language):
    """The whole browser goes, the customer approves, and whoever signs in later finds the sale completed."""
    till = open_till(language=language)
    number = till.start_sale("Skolebolle")
    till.pay_with("Vipps")
    till.identify()
    till.expect_stage(till.word("wait.forCustomer"))
    till.page.context.close()
    till.control.act("47" + MANUAL, "approve")
    later = open_till(language=language)
    later.go("processed-sales")
    row = later.page.locator("tr", has_text=number)
    expect(row).to_contain_text(later.word("saleState.completed"))
    row.get_by_role("link", name=number, exact=True).click()
    expect(later.page.locator("#sale-view .payment-entry")).to_contain_text(later.word("paymentState.captured"))


def test_browser_closed_before_anybody_was_identified(open_till):
    """What waited for a customer is still there after a new sign-in, and goes on where it was."""
    till = open_till()
    till.start_sale("Rosinbolle")
    till.pay_with("Vipps")
    expect(till.dialog).to_be_visible()
    till.page.context.close()
    later = open_till()
    later.go("new-sale")
    later.sale.get_by_role("link", name="Open payment").click()
    later.identify()
    later.expect_stage("Waiting for the customer")
    later.control.act("47" + MANUAL, "approve")
    later.expect_stage("Paid")


def test_two_tills_and_the_back_office_side_by_side(open_till, product):
    """Four pages on three desks. Nobody loads anything again."""
    first, second = open_till(till="Kasse 1"), open_till(till="Kasse 2", language="nb")
    office, options = open_till(**ADMINISTRATOR), open_till(**ADMINISTRATOR)
    one = first.start_sale("Espresso")
    other = second.start_sale("Brownie")
    office.go("processed-sales")
    options.page.goto(f"{product.base_url}/financial/app/#/incoming-payment-options")
    everybody = (first, second, office, options)
    for row in (one, other):
        expect(office.page.locator("tr", has_text=row)).to_contain_text("Open")
    for desk in everybody:
        expect(connection(desk, "frame.online")).to_be_visible()
        mark(desk.page)

    # Back office takes cash away and gives it back: both tills follow at once.
    cash = [desk.sale.locator(".pay-buttons").get_by_role("link", name="Kontant") for desk in (first, second)]
    options.page.get_by_role("button", name="Disable: Kontant").click()
    for offered in cash:
        expect(offered).to_have_count(0)
    options.page.get_by_role("button", name="Enable: Kontant").click()
    for offered in cash:
        expect(offered).to_be_visible()

    # Both pay at once, one customer each; one is declined.
    first.pay_with("Vipps")
    first.identify()
    second.pay_with("Vipps")
    second.identify("46701234567")
    first.expect_stage("Waiting for the customer")
    second.expect_stage(second.word("wait.forCustomer"))
    first.control.act("47" + MANUAL, "approve")
    second.control.act("46701234567", "decline")
    first.expect_stage("Paid")
    second.expect_stage(second.word("result.declined"))
    expect(office.page.locator("tr", has_text=one)).to_contain_text("Completed")
    expect(office.page.locator("tr", has_text=other)).to_contain_text("Open")

    # The same sale on two screens: what one desk does, the other shows.
    watcher = open_till(till="Kasse 2")
    watcher.go("new-sale")
    expect(watcher.sale).to_contain_text(other)
    second.page.get_by_role("link", name=second.word("pay.backToSale")).first.click()
    second.add("Loff")
    expect(watcher.sale.locator(".line", has_text="Loff")).to_be_visible()
    watcher.abandon()
    expect(second.in_hand).to_have_count(0)
    expect(office.page.locator("tr", has_text=other)).to_contain_text("Aborted")
    for desk in everybody:
        assert desk.page.evaluate(MARKED), "a page was loaded again"
