"""Tokens, payments, money, idempotency."""

import base64
import json

import pytest

from simulated import KARI, Client

NOK = "NOK"


def test_token_numbers_are_texts_and_live_for_an_hour(client):
    token = client.get_token().json
    assert token["token_type"] == "Bearer" and token["expires_in"] == "3600" and token["ext_expires_in"] == "3600"
    assert int(token["expires_on"]) - int(token["not_before"]) == 3600
    assert len(token["access_token"]) >= 1000 and token["access_token"].count(".") == 2
    assert client.process.call("POST", "/accessToken/get", b"", {}).status == 401, "the path is matched in any case"


def test_an_old_token_is_refused_and_another_one_valid_beside_the_first(client):
    client.headers()
    first = client.token
    client.token = client.get_token().json["access_token"]
    assert client.create("token-test-1").status == 201
    client.token = first
    assert client.call("GET", "/epayment/v1/payments/token-test-1").status == 200
    client.process.advance(3601)
    refused = client.call("GET", "/epayment/v1/payments/token-test-1")
    assert refused.status == 401 and refused.json["statusCode"] == 401


def test_subscription_key_is_looked_at_first(client):
    nothing = client.process.call("POST", "/epayment/v1/payments", b"not json", {})
    assert nothing.status == 401 and "missing subscription key" in nothing.json["message"]
    wrong = client.get_token(**{"Ocp-Apim-Subscription-Key": "00000000000000000000000000000000"})
    assert wrong.status == 401 and "invalid subscription key" in wrong.json["message"]


def test_wrong_client_id_is_400_and_wrong_secret_401(client):
    unknown = client.get_token(client_id="00000000-0000-0000-0000-000000000000")
    assert unknown.status == 400 and unknown.json["error"] == "unauthorized_client"
    assert unknown.json["error_codes"] == [700016]
    secret = client.get_token(client_secret="bm9wZQ==")
    assert secret.status == 401 and secret.json["error"] == "invalid_client"


def test_keys_open_only_their_own_sales_units(client):
    foreign = client.call("GET", "/epayment/v1/payments/whatever-1", **{"Merchant-Serial-Number": "234567"})
    assert foreign.status == 403 and foreign.json["title"] == "Merchant Not Allowed for Ecommerce Payment"
    none = client.process.call(
        "GET",
        "/epayment/v1/payments/whatever-1",
        None,
        {key: value for key, value in client.headers().items() if key != "Merchant-Serial-Number"},
    )
    assert none.status == 400


def test_partner_keys_hold_for_several_units_and_references_are_per_unit(sim):
    airport, online = Client(sim, "partner", "456789"), Client(sim, "partner", "567890")
    assert airport.create("same-reference").status == 201
    assert online.call("GET", "/epayment/v1/payments/same-reference").code == "5090"
    dkk = {"currency": "DKK", "value": 5000}
    push = online.create("same-reference", amount=dkk)
    assert push.code == "5080"
    assert online.create("same-reference", amount=dkk, userFlow="QR", customer=None).status == 201
    assert airport.get("same-reference")["amount"]["currency"] == NOK
    assert online.get("same-reference")["amount"]["currency"] == "DKK"


def test_push_answer_has_no_redirect_url_and_other_flows_do(client):
    assert client.create("push-0001").json == {"reference": "push-0001"}
    web = client.create("web-00001", userFlow="WEB_REDIRECT", returnUrl="https://shop.example/back")
    assert "token=" in web.json["redirectUrl"]
    image = client.create("qr-000001", userFlow="QR", customer=None)
    picture = client.process.call("GET", image.json["redirectUrl"].replace(client.process.base, ""))
    assert picture.status == 200 and picture.raw.startswith(b"<svg")
    text = client.create("qr-000002", userFlow="QR", customer=None, qrFormat={"format": "TEXT/TARGETURL"})
    assert text.json["redirectUrl"].startswith("https://qr.vipps.no/")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reference": "short"}, "Reference"),
        ({"reference": "x" * 65}, "Reference"),
        ({"reference": "with_underscore"}, "Reference"),
        ({"reference": "newline-at-end\n"}, "Reference"),
        ({"reference": 12345678}, "Reference"),
        ({"userFlow": "PIGEON"}, "UserFlow"),
        ({"userFlow": None}, "UserFlow"),
        ({"paymentDescription": "ab"}, "PaymentDescription"),
        ({"paymentDescription": "x" * 101}, "PaymentDescription"),
        ({"surprise": 1}, "surprise"),
        ({"customer": {"phoneNumber": KARI, "customerToken": "x"}}, "Customer"),
        ({"customer": {}}, "Customer"),
        ({"customer": {"phoneNumber": "+4791234567"}}, "Customer.PhoneNumber"),
        ({"amount": None}, "Amount"),
        ({"amount": {"currency": "SEK", "value": 100}}, "Amount.Currency"),
        ({"amount": {"currency": "NOK", "value": "1"}}, "Amount.Value"),
        ({"amount": {"currency": "NOK", "value": -1}}, "Amount.Value"),
        ({"amount": {"currency": "NOK", "value": 65_000_001}}, "Amount.Value"),
        ({"amount": {"currency": "NOK", "value": True}}, "Amount.Value"),
        ({"paymentMethod": None}, "PaymentMethod"),
        ({"receipt": {"orderLines": []}}, "Receipt.OrderLines"),
        ({"customerInteraction": "MAYBE"}, "CustomerInteraction"),
    ],
)
def test_field_errors_name_the_field(client, changed, field):
    reference = changed.pop("reference", "fields-001")
    refused = client.create(reference, **changed)
    assert refused.status == 400 and refused.headers["Content-Type"].startswith("application/problem+json")
    problem = refused.json
    assert problem["title"] == "Bad Request" and problem["detail"] == "See extraDetails for further details"
    assert problem["instance"] == "/v1/payments" and problem["traceId"].startswith("00-")
    assert field in [detail["name"] for detail in problem["extraDetails"]]
    assert client.process.control("payments") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"value": 99}, "6010"),
        ({"amount": {"currency": "DKK", "value": 500}}, "5040"),
        ({"amount": {"currency": "NOK", "value": 100.5}}, "4040"),
        ({"customer": {"phoneNumber": "4790000000"}}, "7010"),
        ({"customer": {"phoneNumber": "4799999998"}}, "7010"),
        ({"customer": {"phoneNumber": "123456789"}}, "4070"),
        ({"customer": {"customerToken": "nobody"}}, "4050"),
        ({"customer": {"personalQr": "https://qr.vipps.no/p/none"}}, "4060"),
        ({"customer": None}, "4140"),
        ({"paymentMethod": {"type": "CARD"}}, "4160"),
        ({"userFlow": "WEB_REDIRECT", "returnUrl": "http://shop.example"}, "4090"),
        ({"profile": {"scope": "shoeSize"}}, "4080"),
        ({"profile": {"scope": "nin"}}, "5030"),
        ({"shipping": {}}, "5020"),
        ({"paymentMethod": {"type": "WALLET", "blockedSources": ["x"]}}, "5010"),
        ({"metadata": {str(number): "x" for number in range(6)}}, "4100"),
        ({"metadata": {"x" * 101: "x"}}, "4120"),
        ({"metadata": {"x": "y" * 501}}, "4130"),
        ({"minimumUserAge": 18, "customer": {"phoneNumber": "4798901234"}}, "7010"),
    ],
)
def test_domain_errors_carry_their_code(client, changed, code):
    refused = client.create("domain-001", **changed)
    assert refused.code == code
    assert refused.json["status"] == refused.status == 400


def test_metadata_given_twice_is_4110(client):
    body = json.dumps(client.body("twice-0001")).encode()[:-1] + b',"metadata":{"a":"1","a":"2"}}'
    assert client.call("POST", "/epayment/v1/payments", body, "twice").code == "4110"


@pytest.mark.parametrize(
    ("switch", "code"),
    [("paymentAllowed", "5070"), ("bankAccountVerified", "5060"), ("pushApproved", "5080"), ("refundAllowed", "5100")],
)
def test_sales_unit_switches(client, switch, code):
    reference = client.authorized("switch-000", 1000)
    client.change("capture", reference, 1000)
    client.process.control("sales-units/123456", {switch: False}, "PATCH")
    refused = client.change("refund", reference, 500) if switch == "refundAllowed" else client.create("switch-001")
    assert refused.code == code
    assert client.get(reference)["aggregate"]["refundedAmount"]["value"] == 0


def test_broken_json_is_a_clear_400(client):
    for number, body in enumerate((b"{", b"[]", b"", b'{"amount":NaN}', b"\xff\xfe")):
        assert client.call("POST", "/epayment/v1/payments", body, f"k{number}").status == 400


def test_money_is_told_by_the_aggregate_and_the_state_stays_authorized(client):
    reference = client.authorized("money-0001", 1000)
    captured = client.change("capture", reference, 250)
    assert captured.status == 200 and captured.json["state"] == "AUTHORIZED"
    assert captured.json["amount"] == {"currency": NOK, "value": 1000}
    assert captured.json["aggregate"]["capturedAmount"]["value"] == 250
    assert client.change("refund", reference, 100).json["aggregate"]["refundedAmount"]["value"] == 100
    cancelled = client.cancel(reference).json
    assert cancelled["state"] == "AUTHORIZED" and cancelled["aggregate"]["cancelledAmount"]["value"] == 750
    payment = client.get(reference)
    assert payment["aggregate"] == cancelled["aggregate"] and payment["profile"] == {}
    assert payment["captureGuaranteedUntil"].endswith("+00:00") and len(payment["paymentMethod"]["cardBin"]) == 6
    books = client.process.control("books?msn=123456")["123456"]
    assert books == {
        "currency": NOK,
        "payments": 1,
        "authorized": 1000,
        "captured": 250,
        "refunded": 100,
        "cancelled": 750,
        "terminated": 0,
    }


def test_cancel_before_approval_terminates_with_the_full_amount_cancelled(client):
    client.create("terminate1", 1000)
    answer = client.cancel("terminate1", {}).json
    assert answer["state"] == "TERMINATED" and answer["aggregate"]["authorizedAmount"]["value"] == 0
    assert answer["aggregate"]["cancelledAmount"]["value"] == 1000
    assert client.cancel("terminate1").code == "6050"
    assert client.change("capture", "terminate1", 1000).code == "6070"


def test_event_log_has_its_own_psp_references(client):
    reference = client.authorized("events-001", 1000)
    client.change("capture", reference, 400, key="capture-key")
    answer = client.change("capture", reference, 600).json
    log = client.events(reference)
    assert [event["name"] for event in log] == ["CREATED", "AUTHORIZED", "CAPTURED", "CAPTURED"]
    assert [event["amount"]["value"] for event in log] == [1000, 1000, 400, 600]
    assert len({event["pspReference"] for event in log}) == 4 and log[1]["pspReference"].isdigit()
    assert answer["pspReference"] == log[0]["pspReference"] == client.get(reference)["pspReference"]
    assert "idempotencyKey" not in log[1] and log[2]["idempotencyKey"] == "capture-key"
    assert all(event["success"] and event["timestamp"].endswith("Z") for event in log)


def test_capture_and_refund_are_refused_with_their_codes(client):
    client.create("refuse-001", 1000)
    assert client.change("capture", "refuse-001", 1000).code == "6080"
    assert client.change("refund", "refuse-001", 1000).code == "6020"
    client.approve("refuse-001")
    assert client.change("capture", "refuse-001", 1001).code == "6090"
    assert client.change("capture", "refuse-001", 1000, currency="DKK").code == "5040"
    assert client.change("refund", "refuse-001", 1).code == "6210"
    assert client.change("capture", "refuse-001", 1000).status == 200
    assert client.cancel("refuse-001").code == "6040"
    assert client.change("refund", "refuse-001", 1001).code == "6150"
    assert client.change("refund", "refuse-001", 1000).status == 200
    client.process.advance(61)
    assert client.change("capture", "refuse-001", 1).code == "6170"
    assert client.change("refund", "refuse-001", 1).code == "6180"
    assert client.change("capture", "not-there-1", 1).status == 404


def test_units_without_partial_capture_take_all_or_nothing(sim):
    finland = Client(sim, "finland", "345678")
    finland.create("finland-01", amount={"currency": "EUR", "value": 500})
    finland.approve("finland-01")
    assert finland.change("capture", "finland-01", 499, currency="EUR").code == "6140"
    assert finland.change("capture", "finland-01", 500, currency="EUR").status == 200


@pytest.mark.parametrize(
    ("keys", "msn", "currency", "days"),
    [("norway", "123456", "NOK", 180), ("denmark", "234567", "DKK", 14), ("finland", "345678", "EUR", 14)],
)
def test_capture_deadline_by_market(sim, keys, msn, currency, days):
    unit = Client(sim, keys, msn)
    for reference in ("deadline-1", "deadline-2"):
        unit.create(reference, amount={"currency": currency, "value": 500})
        unit.approve(reference)
    sim.advance(days * 86_400 - 60)
    unit.token = None
    assert unit.change("capture", "deadline-1", 500, currency=currency).status == 200
    sim.advance(120)
    assert unit.change("capture", "deadline-2", 500, currency=currency).code == "6100"
    assert unit.cancel("deadline-2").code == "6030"
    sim.advance(366 * 86_400)
    unit.token = None
    assert unit.change("refund", "deadline-1", 500, currency=currency).code == "6220"


def test_ten_minutes_then_expired(client):
    client.create("expiry-001")
    client.process.advance(599)
    assert client.get("expiry-001")["state"] == "CREATED"
    client.process.advance(1.5)
    assert client.get("expiry-001")["state"] == "EXPIRED"
    log = client.events("expiry-001")
    assert log[-1]["name"] == "EXPIRED"
    assert client.cancel("expiry-001").code == "6050"
    assert client.change("capture", "expiry-001", 12500).code == "6200"


def test_long_living_payments_need_permission_time_and_receipt(client):
    receipt = {
        "orderLines": [
            {
                "name": "Bread",
                "id": "1",
                "totalAmount": 12500,
                "totalAmountExcludingTax": 10870,
                "totalTaxAmount": 1630,
                "taxRate": 1500,
                "unitInfo": {"unitPrice": 12500, "quantity": "1", "quantityUnit": "PCS"},
            }
        ],
        "bottomLine": {"currency": NOK},
    }
    now = client.process.control("clock")["now"]
    client.process.control("clock", {"set": "2026-12-01T10:00:00Z"})
    client.token = None
    assert now and client.create("long-00001", expiresAt="2026-12-01T10:05:00Z", receipt=receipt).code == "6120"
    client.process.control("clock", {"set": "2026-12-01T10:00:00Z"})
    assert client.create("long-00001", expiresAt="2026-12-03T10:05:00Z", receipt=receipt).code == "6110"
    assert client.create("long-00001", expiresAt="2026-12-01T15:00:00Z").code == "6130"
    assert client.create("long-00001", expiresAt="2026-12-01T15:00:00Z", receipt=receipt).status == 201
    client.process.advance(3600)
    client.token = None
    assert client.get("long-00001")["state"] == "CREATED"
    client.process.control("sales-units/123456", {"longLivingAllowed": False}, "PATCH")
    assert client.create("long-00002", expiresAt="2026-12-01T15:00:00Z", receipt=receipt).code == "5050"


def test_same_key_and_body_gives_the_first_outcome_again(client):
    first, again = client.create("idem-00001", key="one"), client.create("idem-00001", key="one")
    assert (first.status, first.raw) == (again.status, again.raw) == (201, first.raw)
    client.approve("idem-00001")
    for _ in range(2):
        assert (
            client.change("capture", "idem-00001", 500, key="two").json["aggregate"]["capturedAmount"]["value"] == 500
        )
    assert client.process.control("requests?operation=capture")[-1]["replayed"] is True


def test_a_key_holds_for_one_request_only_also_across_references(client):
    client.create("idem-00002", key="one")
    conflict = client.create("idem-00003", key="one")
    assert conflict.status == 409 and conflict.code == "4020"
    for reference in ("idem-00004", "idem-00005"):
        client.authorized(reference)
    client.change("capture", "idem-00004", 500, key="capture")
    other_reference = client.change("capture", "idem-00005", 500, key="capture")
    assert other_reference.status == 409 and other_reference.code == "4010"
    assert client.change("capture", "idem-00004", 600, key="capture").code == "4010"
    client.change("refund", "idem-00004", 100, key="refund")
    assert client.change("refund", "idem-00004", 200, key="refund").code == "4150"
    existing = client.create("idem-00002", key="another")
    assert existing.status == 409 and existing.code == "4150"


def test_a_refused_key_stays_refused_but_passing_troubles_do_not(client):
    client.create("sticky-001")
    assert client.change("capture", "sticky-001", 12500, key="early").code == "6080"
    client.approve("sticky-001")
    assert client.change("capture", "sticky-001", 12500, key="early").code == "6080", "the key is burnt"
    client.process.fault(kind="domain-error", operation="capture", code=6280)
    assert client.change("capture", "sticky-001", 12500, key="late").code == "6280"
    assert client.change("capture", "sticky-001", 12500, key="late").status == 200


def test_keys_are_required_where_documented_and_at_most_50_long(client):
    refused = client.call("POST", "/epayment/v1/payments", client.body("nokey-0001"))
    assert refused.json["extraDetails"][0]["name"] == "Idempotency-Key"
    assert client.create("nokey-0001", key="k" * 51).status == 400
    assert client.create("nokey-0001", key="k" * 50).status == 201
    assert client.cancel("nokey-0001").status == 200


def test_rate_limits_are_per_reference_and_can_be_switched_off(client):
    for _ in range(5):
        client.cancel("limited-01")
    limited = client.cancel("limited-01")
    assert limited.status == 429 and limited.json["statusCode"] == 429 and int(limited.headers["Retry-After"]) > 50
    assert client.cancel("limited-02").status == 404, "another reference has its own count"
    client.process.advance(61)
    assert client.cancel("limited-01").status == 404
    client.process.control("settings", {"rateLimits": False}, "PATCH")
    for _ in range(121):
        assert client.call("GET", "/epayment/v1/payments/limited-03").status == 404
    violations = client.process.control("rate-limit-violations")
    assert [(row["operation"], row["reference"]) for row in violations] == [
        ("cancel", "limited-01"),
        ("get", "limited-03"),
    ]


def test_misspelt_reference_fields_count_as_one(client):
    for number in range(5):
        assert client.call("POST", "/epayment/v1/payments", {"Reference": f"x{number}"}, f"k{number}").status == 400
    assert client.call("POST", "/epayment/v1/payments", {"Reference": "x6"}, "k6").status == 429


def test_force_approve_needs_one_approval_by_hand(client):
    client.process.control("customers", {"phone": "4799990001", "name": "New", "approvedOnce": False})
    who = {"customer": {"phoneNumber": "4799990001"}}
    client.create("force-0001", customer={"phoneNumber": "4799990001"})
    force = "/epayment/v1/test/payments/force-0001/approve"
    assert client.call("POST", force, who).code == "10020"
    client.process.control("settings", {"forceApproveNeedsHandApproval": False}, "PATCH")
    done = client.call("POST", force, who)
    assert done.status == 200 and done.raw == b""
    assert client.get("force-0001")["state"] == "AUTHORIZED"
    assert client.call("POST", force, who).code == "10010"
    client.create("force-0002", customer={"phoneNumber": "4795678901"})
    no_card = client.call(
        "POST", "/epayment/v1/test/payments/force-0002/approve", {"customer": {"phoneNumber": "4795678901"}}
    )
    assert no_card.code == "10050"


@pytest.mark.parametrize("value", [151, 182, 183, 184, 186, 187, 197, 202])
def test_provoking_amounts_leave_the_payment_open(client, value):
    client.create("provoke-01", value)
    answer = client.approve("provoke-01")
    assert answer["outcome"] == "refused" and answer["message"]
    assert client.get("provoke-01")["state"] == "CREATED"
    assert [event["name"] for event in client.events("provoke-01")] == ["CREATED"]


def test_amount_201_is_in_the_air_for_an_hour(client):
    client.create("provoke-02", 201)
    assert client.approve("provoke-02")["outcome"] == "processing"
    client.process.advance(700)
    assert client.cancel("provoke-02").code == "6250"
    client.process.advance(3000)
    client.token = None
    assert client.get("provoke-02")["state"] == "EXPIRED"


@pytest.mark.parametrize(("value", "code"), [(123, "5100"), (124, "6220")])
def test_provoking_refunds_are_logged_as_failed(client, value, code):
    client.authorized("provoke-03", 1000)
    client.change("capture", "provoke-03", 1000)
    assert client.change("refund", "provoke-03", value).code == code
    last = client.events("provoke-03")[-1]
    assert last["name"] == "REFUNDED" and last["success"] is False and last["amount"]["value"] == value
    assert client.get("provoke-03")["aggregate"]["refundedAmount"]["value"] == 0


def test_unknown_paths_answer_like_the_gateway(client):
    reply = client.call("GET", "/epayment/v2/payments")
    assert reply.status == 404 and reply.json == {"statusCode": 404, "message": "Resource not found"}


def test_token_is_a_jwt_that_does_not_carry_the_secret(client):
    token = client.get_token().json["access_token"]
    payload = base64.urlsafe_b64decode(token.split(".")[1] + "==")
    assert client.keys["clientSecret"].encode() not in payload
