"""The first chapter: an administrator prepares the shop for Vipps. Rows 1 to 6."""

import re

from .camera import Camera, Desk

MSN = "678901"
"""A sales unit that the simulated Vipps knows and that no demo shop uses."""
AGREEMENT, UNIT, PLACE, PROFILE = "Vipps Square", "Fjellheim Square", "Market stall", "Market day"
OPTION = "Vipps at the square"


def walk(camera: Camera) -> None:
    desk = camera.signed_in("admin", "surdeigsbrod")
    payment_option(desk)
    agreement(desk, camera.keys(MSN))
    sales_unit(desk)
    webhook(desk)
    codes(desk)
    till(desk)
    desk.page.context.close()


def payment_option(desk: Desk) -> None:
    desk.go("financial/app/#/incoming-payment-options")
    desk.press("New payment option")
    desk.dialog.get_by_label("Name").fill(OPTION)
    desk.dialog.get_by_label("Payment type").select_option(label="Vipps E-payment")
    desk.dialog.get_by_label("Quick access available").check()
    desk.take("01-payment-option", desk.dialog, margin=24)
    desk.save()
    row = desk.page.get_by_role("row", name=re.compile(OPTION))
    desk.press("Disable", row)
    desk.says(row, "Disabled")
    desk.take("02-payment-options")


def agreement(desk: Desk, keys: dict[str, str]) -> None:
    desk.go("pos/app/#/vipps-agreements")
    desk.press("New agreement")
    desk.dialog.get_by_label("Display name").fill(AGREEMENT)
    desk.dialog.get_by_text("Set API Keys").click()
    for label, key in (("client_id", "clientId"), ("client_secret", "clientSecret"),
                       ("Ocp-Apim-Subscription-Key", "subscriptionKey")):
        desk.dialog.get_by_label(label).fill(keys[key])
    desk.take("03-agreement", desk.dialog, margin=24)
    desk.save()
    desk.page.get_by_role("link", name=AGREEMENT).click()
    desk.press("Check keys")
    desk.says(desk.page.locator("#keys-check"), "Vipps accepts the keys")


def sales_unit(desk: Desk) -> None:
    desk.go("pos/app/#/vipps-sales-units")
    desk.press("New sales unit")
    desk.dialog.get_by_label("Organizational unit").select_option(label="Oslo, Grünerløkka")
    desk.dialog.get_by_label("Display name").fill(UNIT)
    desk.dialog.get_by_label("Vipps agreement").select_option(label=AGREEMENT)
    desk.dialog.get_by_label("Merchant Serial Number").fill(MSN)
    desk.take("04-sales-unit", desk.dialog, margin=24)
    desk.save()


def webhook(desk: Desk) -> None:
    desk.go("pos/app/#/vipps-agreements")
    desk.page.get_by_role("link", name=AGREEMENT).click()
    desk.says(desk.page.locator("#agreement-name"), AGREEMENT)
    desk.page.locator("#register-webhook").click()
    desk.is_there(desk.page.locator("#webhooks .chip.good"), 2)
    desk.take("05-webhook")


def codes(desk: Desk) -> None:
    desk.go("pos/app/#/vipps-sales-units")
    desk.press(f"Merchant callback QRs {UNIT}")
    desk.press("Sync with Vipps", desk.dialog)
    desk.says(desk.dialog, "In step with Vipps since")
    desk.press("New code", desk.dialog)
    desk.dialog.get_by_label("Name of the place").fill(PLACE)
    desk.press("Save", desk.dialog)
    show = desk.dialog.get_by_role("button", name=f"View QR image {PLACE}")
    desk.is_there(show)
    desk.is_there(desk.dialog.get_by_text("Being made"), 0)
    desk.take("06-codes", desk.dialog, margin=24)
    show.click()
    image = desk.dialog.get_by_role("img", name=f"QR code of {PLACE}")
    desk.is_there(image)
    image.evaluate("image => image.decode()")
    desk.take("07-code", desk.dialog, margin=24)
    desk.page.keyboard.press("Escape")
    desk.is_there(desk.dialog, 0)


def till(desk: Desk) -> None:
    desk.go("pos/app/#/agentInstances")
    desk.is_there(desk.page.get_by_text("NoAgent"))
    desk.take("08-tills")
    desk.page.get_by_role("link", name="View agent profiles: Kasse 2").click()
    desk.press("New profile")
    desk.dialog.get_by_label("Name", exact=True).fill(PROFILE)
    desk.dialog.get_by_label("Vipps sales unit").select_option(label=f"{UNIT} ({MSN})")
    code = desk.dialog.get_by_label("Merchant callback QR")
    desk.is_there(desk.dialog.locator("#profile-code:enabled"))
    code.select_option(label=PLACE)
    desk.take("09-profile", desk.dialog, margin=24)
    desk.save()
    desk.press(f"Use in this session: {PROFILE}")
    desk.says(desk.page.locator(".topbar .till"), PROFILE)
    desk.take("10-chosen")
