"""A browser that people sit at, and the camera beside it."""

import shutil
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from launcher.errors import LauncherError
from launcher.product import Product
from launcher.screen import say
from launcher.waiting import wait_until
from launcher.web import Client

from . import png

WIDE = {"width": 1280, "height": 760}
PHONE = {"width": 560, "height": 840}
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
PATIENCE_MS = 20_000
"""Until something that happens by itself has happened, on a busy machine."""


class Camera:
    """Opens windows for people and takes pictures of them, small enough for a repository."""

    def __init__(self, product: Product, folder: Path):
        self.product, self.folder = product, folder
        self.vipps = Client(product.simulator_url)
        self.taken: dict[str, int] = {}
        """Names of the pictures taken and their size in bytes."""

    def __enter__(self) -> "Camera":
        names = ("chromium", "chromium-browser", "google-chrome")
        chromium = next((found for name in names if (found := shutil.which(name))), None)
        if chromium is None:
            raise LauncherError("No chromium in PATH. Tools/setup --tests installs Debian's.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def window(self, size: dict[str, int] = WIDE) -> Page:
        """A browser of its own: English, light, without movement."""
        context = self._browser.new_context(viewport=size, locale="en-GB", color_scheme="light",
                                            reduced_motion="reduce")
        context.add_cookies([{"name": "language", "value": "en", "url": self.product.base_url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    def signed_in(self, user: str, password: str) -> "Desk":
        page = self.window()
        page.goto(f"{self.product.base_url}/pos/app/")
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#main [data-title]").wait_for(state="attached")
        return Desk(self, page)

    def phone(self, number: str) -> Page:
        page = self.window(PHONE)
        page.goto(f"{self.product.simulator_url}/phone/{number}")
        return page

    def take(self, name: str, of: Page | Locator, margin: int = 0) -> None:
        """Writes `<name>.png`. Of an element, with so many pixels around it."""
        page = of if isinstance(of, Page) else of.page
        page.evaluate("document.fonts.ready")
        if margin:
            box = of.bounding_box()
            picture = page.screenshot(clip={"x": max(box["x"] - margin, 0), "y": max(box["y"] - margin, 0),
                                            "width": box["width"] + 2 * margin, "height": box["height"] + 2 * margin})
        else:
            picture = of.screenshot()
        small = png.with_palette(picture)
        (self.folder / f"{name}.png").write_bytes(small)
        self.taken[name] = len(small)
        say(f"  {name}.png {len(small) // 1000} kB")

    def forget_others(self) -> None:
        """Deletes pictures of steps that are no longer there."""
        for picture in self.folder.glob("*.png"):
            if picture.stem not in self.taken:
                picture.unlink()

    # The customer

    def customer(self, act: str, number: str, body: dict | None = None) -> dict:
        """`approve`, `decline` or `scan`, by the simulator's control, as soon as the phone can do it."""
        def done() -> dict | None:
            answer = self.vipps.post(f"/control/customers/{number}/{act}", body or {})
            if answer.status not in (200, 409):
                raise LauncherError(f"The customer could not {act}: {answer.status} {answer.text[:300]}")
            return answer.json() if answer.status == 200 else None
        return wait_until(done, 20, f"the customer's phone to {act}", every=0.1)

    def keys(self, msn: str) -> dict[str, str]:
        """What the administrator reads in Vipps' portal: the API keys of one sales unit."""
        return next(keys for keys in self.vipps.get("/portal/keys").json() if msn in keys["msns"])


class Desk:
    """A person at a screen of the product."""

    def __init__(self, camera: Camera, page: Page):
        self.camera, self.page = camera, page

    def go(self, address: str) -> None:
        """To an address as it stands in the guide, for instance `pos/app/#/new-sale`."""
        self.page.goto(f"{self.camera.product.base_url}/{address}")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    def press(self, button: str, inside: Locator | None = None) -> None:
        (inside or self.page).get_by_role("button", name=button).first.click()

    def save(self) -> None:
        self.press("Save", self.dialog)
        self.is_there(self.dialog, 0)

    def is_there(self, what: Locator, times: int | None = None) -> None:
        if times is None:
            expect(what.first).to_be_visible(timeout=PATIENCE_MS)
        else:
            expect(what).to_have_count(times, timeout=PATIENCE_MS)

    def says(self, where: Locator, words: str) -> None:
        expect(where).to_contain_text(words, timeout=PATIENCE_MS)

    def take(self, name: str, of: Locator | None = None, margin: int = 0, top: str = "body") -> None:
        """With `top`, the part of the page (a selector) that the picture begins at. No toast and no mouse is in it."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("""top => {
            document.querySelector("#toasts")?.replaceChildren()
            document.querySelector(top).scrollIntoView()
        }""", top)
        self.camera.take(name, of or self.page, margin)
