"""Secrets replaced while sales are under way: none is lost, and the old secret opens nothing any more."""

import shutil

import pytest

from launcher import demo
from launcher.keys import SERVICES, Keys
from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Client

from drills.books import assert_books_agree
from drills.shop import rows
from drills.till import Till, Vipps, checked


@pytest.fixture
def product(tmp_path):
    with Product(tmp_path / "product") as product:
        yield product


def asked_for(till: Till, vipps: Vipps):
    """A sale whose customer has been asked and has not answered yet."""
    sale = till.sale("1001")
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    return sale, payment


def completes(sale, payment, vipps: Vipps) -> None:
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)


def another(product, name: str) -> Keys:
    """Keys made for this deployment's ports, and for nothing else."""
    keys = Keys(product.state / name)
    keys.prepare(product.ports)
    return keys


def test_of_the_gateways_certificate_keeps_what_the_older_one_sealed(product):
    till, vipps = Till(product), Vipps(product)
    sale, payment = asked_for(till, vipps)
    fresh, keys = another(product, "fresh-keys"), product.keys
    keys.opening_keys.write_text(fresh.opening_keys.read_text() + keys.opening_keys.read_text())
    product.restart("vipps-gateway")  # The opener first: nothing may be sealed that nobody can open.
    keys.sealing_certificates.write_text(fresh.sealing_certificates.read_text() + keys.sealing_certificates.read_text())
    product.restart("pos-service")
    product.restart("vipps-gateway")
    completes(sale, payment, vipps)  # Its agreement's keys are sealed to the older certificate.
    completes(*asked_for(till, vipps), vipps)  # This customer's number is sealed to the new one.


def test_of_the_vipps_keys_lets_payments_under_way_go_on(product):
    till, vipps = Till(product), Vipps(product)
    sale, payment = asked_for(till, vipps)
    agreement = demo.setups()[0]["agreements"][0]
    old = demo.keys(agreement["simulatorKeySet"])
    new = {**old, "clientSecret": "a-new-client-secret-of-the-shop", "subscriptionKey": "0" * 31 + "1"}
    checked(vipps.http.request("PATCH", f"/control/key-sets/{agreement['simulatorKeySet']}", {
        "clientSecret": new["clientSecret"], "subscriptionKeys": [new["subscriptionKey"]]}))
    vipps.post("/tokens/expire")
    checked(till.pos.put(f"/pos/api/vipps-agreements/{agreement['id']}/keys", new))
    completes(sale, payment, vipps)
    completes(*asked_for(till, vipps), vipps)


def test_of_the_bus_keys_loses_no_message(product):
    till, vipps = Till(product), Vipps(product)
    sale, payment = asked_for(till, vipps)
    fresh = another(product, "fresh-keys")
    for name in SERVICES:
        shutil.copyfile(fresh.bus_secret(name), product.keys.bus_secret(name))
    shutil.copyfile(fresh.bus_directory, product.keys.bus_directory)
    for name in SERVICES:  # One after the other: in between, old and new keys do not hear one another.
        product.restart(name)
    completes(sale, payment, vipps)
    completes(*asked_for(till, vipps), vipps)


def test_of_the_session_key_ends_every_session_and_no_payment(product):
    till, vipps = Till(product), Vipps(product)
    sale, payment = asked_for(till, vipps)
    fresh = another(product, "fresh-keys")
    shutil.copyfile(fresh.session_private, product.keys.session_private)
    shutil.copyfile(fresh.session_public, product.keys.session_public)
    for name in SERVICES:
        product.restart(name)
    for service, path in (("pos-service", "/pos/api/sales"), ("financial-service", "/financial/api/ledger"),
                          ("notification-relay", "/notifications/api/mails"), ("vipps-gateway", "/vipps/operator/bus")):
        old = Client(product.url(service))
        old.session = till.pos.session
        assert old.get(path).status == 401, service
    sale.till = Till(product)
    completes(sale, payment, vipps)


def register_webhooks(till: Till, agreement: dict) -> None:
    checked(till.pos.post(f"/pos/api/vipps-agreements/{agreement['id']}/register-webhook"))


def test_of_the_webhooks_secrets_by_pressing_the_button_once_more(product):
    till, vipps = Till(product), Vipps(product)
    before = secrets_of_webhooks(product)
    sale, payment = asked_for(till, vipps)
    register_webhooks(till, demo.setups()[0]["agreements"][0])
    wait_until(lambda: is_replaced(product, before), 30, "both webhooks to be replaced")
    completes(sale, payment, vipps)
    vipps.post("/settle", {"timeoutSeconds": 20})
    delivered = vipps.get(f"/deliveries?msn={MSN}&state=delivered")
    assert delivered and delivered[-1]["registrationId"] in {row[0] for row in secrets_of_webhooks(product)}


def test_of_webhooks_that_the_shop_has_deleted_itself_and_polling_meanwhile(product):
    till, vipps = Till(product), Vipps(product)
    agreement = demo.setups()[0]["agreements"][0]
    before = secrets_of_webhooks(product)
    sale, payment = asked_for(till, vipps)
    delete_webhooks(vipps, demo.keys(agreement["simulatorKeySet"]))
    completes(sale, payment, vipps)  # Nobody tells the gateway; it asks.
    register_webhooks(till, agreement)
    wait_until(lambda: len(secrets_of_webhooks(product) - before) == len(TOPICS), 30, "both webhooks to be there anew")
    completes(*asked_for(till, vipps), vipps)


def is_replaced(product, before: set[tuple]) -> bool:
    now = secrets_of_webhooks(product)
    return len(now) == len(TOPICS) and not now & before


MSN, TOPICS = "123456", ("payments", "check-ins")


def secrets_of_webhooks(product) -> set[tuple]:
    """Registrations in use, each with its sealed secret."""
    return set(rows(product, "vipps-gateway", "SELECT webhook_id, hex(secret_envelope) FROM webhook_registration "
                    f"WHERE msn = '{MSN}' AND webhook_id IS NOT NULL AND retired_at IS NULL"))


def delete_webhooks(vipps: Vipps, keys: dict[str, str]) -> None:
    """As the shop does with Vipps' own interface."""
    headers = {"client_id": keys["clientID"], "client_secret": keys["clientSecret"],
               "Ocp-Apim-Subscription-Key": keys["subscriptionKey"], "Merchant-Serial-Number": MSN}
    token = checked(vipps.http.post("/accesstoken/get", headers=headers)).json()["access_token"]
    headers["Authorization"] = f"Bearer {token}"
    for webhook in checked(vipps.http.get("/webhooks/v1/webhooks", headers)).json()["webhooks"]:
        checked(vipps.http.request("DELETE", f"/webhooks/v1/webhooks/{webhook['id']}", headers=headers))
