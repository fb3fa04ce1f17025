"""The whole product as real processes, and Debian's chromium in front of it. One product for all walks; every walk has a
browser of its own that has just been opened. Pictures are written to `.run/screenshots`, which is not committed."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from launcher import paths
from launcher.product import Product
from till import Till

PICTURES = paths.REPOSITORY / ".run" / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
expect.set_options(timeout=20_000)  # patience for a loaded machine; what comes at once is seen at once


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    with Product(state_dir=tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    assert path, "no chromium in PATH; Tools/test installs Debian's"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_till(product: Product, chromium, request):
    """Opens a browser of its own, signed in as somebody at some till; closed after the test."""
    contexts = []

    def open_one(user: str | None = "kari", password: str = "kanelbolle", till: str | None = "Kasse 1",
                 language: str = "en", width: int = 1280, height: int = 900, dark: bool = False, touch: bool = False) -> Till:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB", has_touch=touch,
                                       color_scheme="dark" if dark else "light", reduced_motion="reduce")
        context.add_cookies([{"name": "language", "value": language, "url": product.base_url}])
        contexts.append(context)
        opened = Till(product, context.new_page(), PICTURES / request.node.name, language)
        if user:
            opened.sign_in(user, password)
        if user and till:
            opened.choose_till(till)
        return opened

    yield open_one
    for context in contexts:
        for page in context.pages:
            faults = getattr(page, "faults", [])
            assert not faults, f"the browser complained: {faults}"
        context.close()


@pytest.fixture(autouse=True)
def calm_simulator(request):
    """Faults of one test do not reach the next; customers go back to waiting for their hand."""
    if "product" not in request.fixturenames and "open_till" not in request.fixturenames:
        yield
        return
    product = request.getfixturevalue("product")
    yield
    from customer import Control
    Control(product.simulator_url).forget_faults()
