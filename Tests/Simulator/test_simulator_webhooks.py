"""Registration, signature, order, retries, faults of deliveries."""

import base64
import hashlib
import hmac
import sys

import pytest

from simulated import KARI, TOOL, Client, until

sys.path.insert(0, str(TOOL))
from vipps_simulator.deliveries import authority, pause_after  # noqa: E402
from vipps_simulator.signature import authorization, content_hash, signature  # noqa: E402

# Values of the example Vipps published in 2023, and of deliveries in the forms it documents.
SECRET = "iXxsPpMP3gNCuxou5M+VHikBPOEqNsTIhxUArJKpWbhtlFrgedQ+EgjdUxamjH4VhEfkvXmwYAxveQNPHCLGNQ=="
OTHER = "+YnynjuI5dUWUagk6FlvDPBkVQCXEBFZqsA3fymBE+m7HDHmUKYgbpcOncGxmqdwX1UdZQ27aSkzgbTCNFbwNg=="
VECTORS = [
    (
        "A0+AeKBRG2KRGvnNwJpQlb6IJFk48CKXCIcrLoHncVJKDILsQSxS6NWCccwWm6r6FhGKhiHTBsG2wo/xU6FY/A==",
        "/e2cee29b-012e-4f1d-8ef4-e95fd74a7a63",
        "webhook.site",
        "Thu, 30 Mar 2023 08:38:32 GMT",
        '{"some-unique-content":"ee6e441b-cc4a-46f8-895d-a5af79bcc233/hello-world"}',
        "lNlsp1XA03N34HrQsVzPgJKtC+r7l/RBF4V3JQUWMj4=",
        "agAiSyogQbDHpeucoNwYz+yAr5nJ+v+zasdkSbqzv+U=",
    ),
    (
        SECRET,
        "/vipps/webhook?tenant=nordic-7&env=test",
        "pos.example.com",
        "Mon, 23 Nov 2026 09:15:02 GMT",
        '{"msn":"123456","reference":"till3-sale-000123-1","pspReference":"1304787731","name":"AUTHORIZED",'
        '"amount":{"currency":"NOK","value":12500},"timestamp":"2026-11-23T09:15:20.031Z","success":true,'
        '"captureGuaranteedUntil":"2026-11-30T09:15:20.031+00:00"}',
        "+KSNYZLqNGkyEjLtSuifL87AJVCK2gyZ6nmy9s//fhY=",
        "YQFlD+7inf7uOYcpb2H8eeazFhhqVFcVecxgGhPYgJA=",
    ),
    (
        OTHER,
        "/vipps/webhook/agr-7",
        "pos.example.com",
        "Mon, 23 Nov 2026 09:15:02 GMT",
        '{"msn":"123456","reference":"till3-sale-000123-1","pspReference":"1304787732","name":"AUTHORIZED",'
        '"amount":{"currency":"DKK","value":4200},"timestamp":"2026-11-23T09:16:20.031Z","success":true,'
        '"userDetails":{"firstName":"Åse","lastName":"Ødegård-Bjørnsæth"}}',
        "4FA+je46kWqZY13cJXOz/j9rCmohuY3/KA20ffFpMWE=",
        "zILIi1dUS/1pSPHCMIxerSGLSWJniWQo957p/ch9+l8=",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=["published", "query", "utf8"])
def test_signature_equals_the_published_values(vector):
    secret, path, host, date, body, expected_hash, expected = vector
    assert content_hash(body.encode()) == expected_hash
    assert signature(secret, path, date, host, body.encode()) == expected
    header = authorization(secret, path, date, host, body.encode())
    assert header == f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={expected}"


def test_signature_changes_with_every_part():
    good = signature(SECRET, "/a", "Mon", "host:8443", b"{}")
    others = [
        signature(OTHER, "/a", "Mon", "host:8443", b"{}"),
        signature(SECRET, "/a?b", "Mon", "host:8443", b"{}"),
        signature(SECRET, "/a", "Tue", "host:8443", b"{}"),
        signature(SECRET, "/a", "Mon", "host", b"{}"),
        signature(SECRET, "/a", "Mon", "host:8443", b"{} "),
    ]
    assert good not in others and len(set(others)) == 5


def test_host_carries_the_port_when_it_is_not_the_usual_one():
    assert authority("https://pos.example.com:443/x") == "pos.example.com"
    assert authority("https://pos.example.com:8443/x") == "pos.example.com:8443"
    assert authority("http://[::1]:9/x") == "[::1]:9"


def test_retries_follow_the_documented_rhythm():
    assert [pause_after(attempt) for attempt in (1, 2, 3, 4, 5, 6, 28, 29)] == [2, 2, 2, 60, 120, 3600, 3600, 86_400]


def verify(delivery, secret: str, host: str) -> bool:
    """Written anew, so that the simulator does not check itself."""
    digest = base64.b64encode(hashlib.sha256(delivery.raw).digest()).decode()
    text = f"POST\n{delivery.path}\n{delivery.headers['x-ms-date']};{host};{digest}"
    signed = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()
    return (
        delivery.headers["x-ms-content-sha256"] == digest
        and delivery.headers["authorization"] == delivery.headers["x-vipps-authorization"]
        and delivery.headers["authorization"].endswith(
            f"SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signed}"
        )
    )


def test_deliveries_are_signed_and_shaped_as_real_ones(client, shop):
    registered = client.register(shop.url)
    assert registered.status == 201 and len(registered.json["secret"]) == 88
    client.authorized("deliver-01", 1000)
    client.change("capture", "deliver-01", 400, key="capture-key")
    client.cancel("deliver-01", key="cancel-key")
    client.process.settle()
    assert shop.names() == ["CREATED", "AUTHORIZED", "CAPTURED", "CANCELLED"]
    host = shop.url.split("/")[2]
    for delivery in shop.taken:
        assert verify(delivery, registered.json["secret"], host)
        assert delivery.headers["host"] == host and delivery.headers["webhook-id"] == registered.json["id"]
        assert delivery.headers["content-type"] == "application/json; charset=utf-8"
        assert delivery.headers["user-agent"] == "Vipps MobilePay/1.0 Webhooks/1.0"
    captured, cancelled = shop.taken[2].json, shop.taken[3].json
    assert list(captured) == [
        "msn",
        "reference",
        "pspReference",
        "name",
        "amount",
        "timestamp",
        "idempotencyKey",
        "success",
    ]
    assert captured["amount"]["value"] == 400 and captured["idempotencyKey"] == "capture-key"
    assert "idempotencyKey" not in cancelled and cancelled["amount"]["value"] == 600
    log = {event["name"]: event["pspReference"] for event in client.events("deliver-01")}
    assert [delivery.json["pspReference"] for delivery in shop.taken] == list(log.values())
    assert b": " not in shop.taken[0].raw


def test_order_is_kept_per_payment_while_a_delivery_fails(client, shop):
    client.register(shop.url)
    shop.answers = [500, 503]
    client.authorized("ordered-01")
    client.authorized("ordered-02")
    client.process.settle()
    assert sorted(delivery.json["reference"] for delivery in shop.taken if delivery.json["name"] == "CREATED") == [
        "ordered-01",
        "ordered-02",
    ]
    before = len(shop.taken)
    assert before == 2, "what comes behind a failing delivery waits"
    client.process.advance(2.1)
    until(lambda: len(shop.taken) == 6)
    client.process.settle()
    for reference in ("ordered-01", "ordered-02"):
        names = [delivery.json["name"] for delivery in shop.taken if delivery.json["reference"] == reference]
        assert names == ["CREATED", "CREATED", "AUTHORIZED"]


def test_a_delivery_ends_after_seven_days(client, shop):
    client.register(shop.url, "epayments.payment.created.v1")
    shop.answers = [500] * 1000
    client.create("givenup-01")
    client.process.settle()
    state = []
    for _ in range(60):
        client.process.advance(86_400)
        client.process.settle()
        state = client.process.control("deliveries?reference=givenup-01")
        if state[0]["state"] != "queued":
            break
    assert state[0]["state"] == "expired"


def test_back_off_can_be_compressed(client, shop):
    client.process.control("settings", {"webhookBackoffScale": 0.001}, "PATCH")
    client.register(shop.url, "epayments.payment.created.v1")
    shop.answers = [500, None, 301, 500]
    client.create("squeezed-1")
    until(lambda: len(shop.taken) == 5)
    client.process.settle()
    delivery = client.process.control("deliveries")[0]
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, None, 301, 500, 200]


def test_every_matching_registration_gets_its_own_delivery(sim, shop):
    airport = Client(sim, "partner", "456789")
    own, everybody = airport.register(shop.url), Client(sim, "partner", None).register(shop.url)
    airport.create("both-00001")
    sim.settle()
    assert {delivery.headers["webhook-id"] for delivery in shop.taken} == {own.json["id"], everybody.json["id"]}


def test_list_and_delete_show_no_secret_and_stop_deliveries(client, shop):
    registered = client.register(shop.url).json
    listed = client.call("GET", "/webhooks/v1/webhooks").json["webhooks"]
    assert [entry["id"] for entry in listed] == [registered["id"]] and set(listed[0]) == {"id", "url", "events"}
    gone = client.call("DELETE", f"/webhooks/v1/webhooks/{registered['id']}")
    assert gone.status == 204 and gone.raw == b""
    assert client.call("DELETE", f"/webhooks/v1/webhooks/{registered['id']}").status == 404
    client.create("silent-001")
    client.process.settle()
    assert shop.taken == []


@pytest.mark.parametrize(
    "url", ["http://pos.example.com/x", "ftp://x", "nonsense", "", "https://", "http://127.0.0.1:99999/x"]
)
def test_urls_must_be_https_or_loopback(client, url):
    assert client.register(url).status == 400


def test_unknown_event_names_are_listed_in_the_answer(client, shop):
    refused = client.register(shop.url, "epayment.payment.created.v1")
    assert refused.status == 400
    assert "Unsupported values: epayment.payment.created.v1" in refused.json["extraDetails"][0]["reason"]


def test_limits_are_25_per_event_and_one_check_in_per_sales_unit(client, shop):
    for _ in range(25):
        assert client.register(shop.url, "epayments.payment.created.v1").status == 201
    assert client.register(shop.url, "epayments.payment.created.v1").status == 400
    assert client.register(shop.url, "user.checked-in.v1").status == 201
    taken = client.register(shop.url, "epayments.payment.expired.v1", "user.checked-in.v1")
    assert taken.status == 400
    assert len(client.call("GET", "/webhooks/v1/webhooks").json["webhooks"]) == 26, "it fails as a whole"
    other = Client(client.process, "denmark", "234567")
    assert other.register(shop.url, "user.checked-in.v1").status == 201


def test_faults_lose_repeat_and_forge(client, shop):
    registered = client.register(shop.url).json
    client.process.fault(kind="webhook-lose", event="*.created.v1")
    client.process.fault(kind="webhook-repeat", event="*.authorized.v1", times=3)
    client.process.fault(kind="webhook-forge", event="*.captured.v1")
    client.authorized("faults-001")
    client.change("capture", "faults-001", 12500)
    client.process.settle()
    assert shop.names() == ["AUTHORIZED"] * 3 + ["CAPTURED"]
    good = [verify(delivery, registered["secret"], shop.url.split("/")[2]) for delivery in shop.taken]
    assert good == [True, True, True, False]
    assert [entry["state"] for entry in client.process.control("deliveries?event=epayments.payment.created.v1")] == [
        "lost"
    ]


def test_a_forged_webhook_is_signed_rightly_once_the_fault_is_gone(client, shop):
    registered = client.register(shop.url).json
    client.process.control("clock", {"frozen": True})
    client.process.fault(kind="webhook-forge", count=None)
    shop.answers = [401, 401]
    client.create("forged-001", 1000)
    client.process.settle()
    client.process.advance(3)
    client.process.settle()
    client.process.control("faults", method="DELETE")
    client.process.advance(3)
    client.process.settle()
    good = [verify(delivery, registered["secret"], shop.url.split("/")[2]) for delivery in shop.taken]
    assert good == [False, False, True]


def test_shuffle_breaks_the_order_in_a_repeatable_way(client, shop):
    client.register(shop.url)
    client.process.control("clock", {"frozen": True})
    client.process.fault(kind="webhook-shuffle", count=None, seconds=60, seed=3)
    client.authorized("shuffle-01", 1000)
    for value in (100, 200, 300, 400):
        client.change("capture", "shuffle-01", value)
    for _ in range(70):
        client.process.advance(1)
        client.process.settle()
    assert len(shop.taken) == 6
    assert [delivery.json["pspReference"] for delivery in shop.taken] != [
        event["pspReference"] for event in client.events("shuffle-01")
    ]


def test_delay_stop_and_resume(client, shop):
    client.register(shop.url)
    client.process.fault(kind="webhook-delay", seconds=30)
    client.create("delayed-01")
    client.process.settle()
    assert shop.taken == []
    client.process.control("deliveries/stop", {})
    client.process.advance(31)
    assert shop.taken == []
    client.approve("delayed-01")
    client.process.control("deliveries/resume", {})
    client.process.settle()
    assert shop.names() == ["CREATED", "AUTHORIZED"]


def test_failed_operations_are_sent_with_success_false(client, shop):
    client.register(shop.url)
    client.authorized("failure-01")
    client.process.fault(kind="domain-error", operation="capture", code=6260)
    assert client.change("capture", "failure-01", 12500).code == "6260"
    client.process.control("payments/123456/failure-01/failed-event", {"name": "REFUNDED", "amount": 7})
    client.process.settle()
    assert [delivery.json["success"] for delivery in shop.taken] == [True, True, False, False]
    assert shop.taken[3].json["amount"]["value"] == 7
    assert client.get("failure-01")["aggregate"]["capturedAmount"]["value"] == 0


def test_portal_acts_raise_webhooks(client, shop):
    client.register(shop.url)
    client.authorized("portal-001", 1000)
    client.change("capture", "portal-001", 600)
    client.process.control("portal/refund", {"msn": "123456", "reference": "portal-001", "amount": 100})
    client.process.control("portal/cancel", {"msn": "123456", "reference": "portal-001"})
    client.process.settle()
    assert shop.names() == ["CREATED", "AUTHORIZED", "CAPTURED", "REFUNDED", "CANCELLED"]
    assert "idempotencyKey" not in shop.taken[3].json
    causes = [event["by"] for event in client.process.control("payments/123456/portal-001")["events"]]
    assert causes == ["api", "customer", "api", "portal", "portal"]
    too_much = client.process.call(
        "POST", "/control/portal/refund", {"msn": "123456", "reference": "portal-001", "amount": 501}
    )
    assert too_much.status == 409 and too_much.json["code"] == "6150"


def test_an_endpoint_failing_for_two_weeks_loses_its_registration(client, shop):
    client.register(shop.url, "epayments.payment.created.v1")
    shop.answers = [500] * 10_000
    for day in range(16):
        client.token = None
        client.create(f"failing-{day:03d}", customer={"phoneNumber": KARI})
        client.process.settle()
        client.process.advance(86_400)
        client.process.settle()
    assert client.process.control("state")["registrations"] == []
