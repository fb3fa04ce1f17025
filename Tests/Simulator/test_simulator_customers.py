"""Customers, the abort race, QR codes, check-ins, the phone."""

import json
import struct
import subprocess
import zlib

import pytest

from simulated import KARI, OLA, Client, Dropped

QR = "/qr/v1/merchant-callback"


def put(client: Client, identifier: str, text: str = "Till 1", **more: str):
    return client.call("PUT", f"{QR}/{identifier}", {"locationDescription": text, **more})


def test_customers_act_by_themselves(client):
    client.create("alone-0001", customer={"phoneNumber": OLA})
    client.create("alone-0002", customer={"phoneNumber": "4794567890"})
    client.create("alone-0003", customer={"phoneNumber": "4795678901"})
    client.create("alone-0004", customer={"phoneNumber": "358401234567"})
    client.process.advance(5)
    states = [client.get(f"alone-000{number}")["state"] for number in (1, 2, 3, 4)]
    assert states == ["AUTHORIZED", "ABORTED", "CREATED", "CREATED"]
    client.process.advance(45)
    assert client.get("alone-0004")["state"] == "AUTHORIZED"


def test_decline_ends_the_payment(client):
    client.create("decline-01")
    assert client.process.control(f"customers/{KARI}/decline", {})["outcome"] == "declined"
    assert client.get("decline-01")["state"] == "ABORTED"
    again = client.process.call("POST", f"/control/customers/{KARI}/approve", {})
    assert again.status == 409 and "no open payment" in again.json["error"]


@pytest.mark.parametrize("round_", range(3))
def test_approve_just_before_the_cancel_meets_6060(client, round_):
    client.create("race-00001")
    client.process.fault(kind="approve-before-cancel", reference="race-*")
    assert client.cancel("race-00001", {"cancelTransactionOnly": True}, "first").code == "6060"
    assert client.get("race-00001")["state"] == "AUTHORIZED"
    released = client.cancel("race-00001", {"cancelTransactionOnly": False}, "second").json
    assert released["state"] == "AUTHORIZED" and released["aggregate"]["cancelledAmount"]["value"] == 12500
    assert client.cancel("race-00001", key="third").code == "6190"


def test_approve_before_a_plain_cancel_is_released_in_the_same_call(client):
    client.create("race-00002")
    client.process.fault(kind="approve-before-cancel", reference="race-00002")
    assert client.cancel("race-00002").json["aggregate"]["authorizedAmount"]["value"] == 12500
    assert [event["name"] for event in client.events("race-00002")] == ["CREATED", "AUTHORIZED", "CANCELLED"]


def test_approve_just_after_the_cancel_comes_too_late(client):
    client.create("race-00003")
    client.process.fault(kind="approve-after-cancel", reference="race-00003")
    assert client.cancel("race-00003", {"cancelTransactionOnly": True}).json["state"] == "TERMINATED"
    assert client.get("race-00003")["aggregate"]["authorizedAmount"]["value"] == 0


def test_a_cancel_in_the_middle_of_3d_secure_is_6250_and_may_be_repeated(client):
    client.create("race-00004")
    client.process.control(f"customers/{KARI}/begin-approval", {"seconds": 20, "then": "approve"})
    assert client.cancel("race-00004", {"cancelTransactionOnly": True}, "same").code == "6250"
    client.process.advance(21)
    assert client.cancel("race-00004", {"cancelTransactionOnly": True}, "same").code == "6060"


@pytest.mark.parametrize(
    ("phone", "answers", "state"),
    [
        ("4796789012", ["6060"], "AUTHORIZED"),
        ("4797890123", ["6250", "6250"], "CREATED"),
        ("4798901234", [None], "TERMINATED"),
    ],
)
def test_racing_customers(client, phone, answers, state):
    client.create("racer-0001", customer={"phoneNumber": phone})
    for number, code in enumerate(answers):
        reply = client.cancel("racer-0001", {"cancelTransactionOnly": True}, f"cancel-{number}")
        assert (reply.code if reply.status != 200 else None) == code
    assert client.get("racer-0001")["state"] == state


def test_unlisted_numbers_can_be_made_customers(client):
    client.process.control("settings", {"unlistedCustomers": "manual"}, "PATCH")
    assert client.create("unlisted-1", customer={"phoneNumber": "4799123123"}).status == 201
    assert client.approve("unlisted-1", "4799123123")["outcome"] == "approved"


def test_a_tills_code_is_made_changed_listed_and_deleted(client):
    made = put(client, "till-1")
    assert made.status == 200 and made.raw == b""
    first = client.call("GET", f"{QR}/till-1").json
    assert set(first) == {"merchantSerialNumber", "merchantQrId", "locationDescription", "qrImageUrl", "qrContent"}
    put(client, "till-1", "Till 1, window", category="VENDING", unknown="extra")
    changed = client.call("GET", f"{QR}/till-1").json
    assert changed["qrContent"] == first["qrContent"] and changed["locationDescription"] == "Till 1, window"
    assert len(client.call("GET", QR).json) == 1
    assert client.call("DELETE", f"{QR}/till-1").status == 200
    for method in ("GET", "DELETE"):
        missing = client.call(method, f"{QR}/till-1")
        assert missing.status == 404 and missing.raw == b""


def test_bad_code_wishes_name_the_parameter(client):
    for text, category in (("", "IN_STORE"), ("x" * 37, "IN_STORE"), ("fine", "OUTDOORS")):
        refused = put(client, "till-1", text, category=category)
        assert refused.status == 400 and refused.json["invalidParams"]
    assert client.call("GET", f"{QR}?QrImageFormat=GIF").status == 400
    assert client.call("GET", f"{QR}?QrImageSize=99").status == 400


def image(client: Client, query: str):
    put(client, "till-1")
    url = client.call("GET", f"{QR}/till-1?{query}").json["qrImageUrl"]
    return client.process.call("GET", url.replace(client.process.base, ""))


def test_images_are_drawn_and_their_addresses_expire(client):
    svg = image(client, "")
    assert svg.headers["Content-Type"] == "image/svg+xml" and svg.raw.startswith(b"<svg")
    png = image(client, "qrImageFormat=png&qrImageSize=300")
    assert png.raw[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png.raw[16:24]) == (300, 300)
    url = client.call("GET", f"{QR}/till-1").json["qrImageUrl"].replace(client.process.base, "")
    client.process.advance(3700)
    assert client.process.call("GET", url).status == 410
    assert client.process.call("GET", url.replace("until=", "until=9")).status == 404


def test_the_drawn_image_can_be_read(client, tmp_path):
    """Decodes the rows of the picture and compares its modules with an independent drawing."""
    png = image(client, "QrImageFormat=PNG&QrImageSize=400").raw
    content = client.call("GET", f"{QR}/till-1").json["qrContent"]
    data, position = b"", 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        data += png[position + 8 : position + 8 + length] if kind == b"IDAT" else b""
        position += 12 + length
    rows = zlib.decompress(data)
    pixels = [rows[row * 401 + 1 : (row + 1) * 401] for row in range(400)]
    dark = [(row, column) for row in range(400) for column in range(400) if pixels[row][column] == 0]
    top, left = min(row for row, _ in dark), min(column for _, column in dark)
    assert top >= 8 and left >= 8, "there is a quiet zone"
    drawn = subprocess.run(
        ["qrencode", "-l", "M", "-t", "ASCII", "-m", "0", content], capture_output=True, text=True
    )
    lines = [line for line in drawn.stdout.splitlines() if line]
    width = len(lines)
    scale = (max(row for row, _ in dark) - top + 1) // width
    mine = [
        "".join("##" if pixels[top + row * scale][left + column * scale] == 0 else "  " for column in range(width))
        for row in range(width)
    ]
    assert mine == [line.ljust(2 * width) for line in lines]


def test_mobilepay_codes_are_converted(sim):
    denmark, norway = Client(sim, "denmark", "234567"), Client(sim)
    beacon = "123456789012345"
    path = f"{QR}/mobilepay/{beacon}"
    assert denmark.call("PUT", path, {"locationDescription": "Kasse 1"}).status == 200
    item = denmark.call("GET", f"{QR}/{beacon}").json
    assert item["merchantQrId"] == beacon and item["qrContent"] == f"mobilepaypos://pos?id={beacon}&source=qr"
    assert denmark.call("PUT", path, {"locationDescription": "Kasse 2"}).status == 200
    assert put(denmark, beacon).status == 400, "its own path must be used"
    conflict = norway.call("PUT", path, {"locationDescription": "Kasse 1"})
    assert conflict.status == 409 and conflict.json["id"] == beacon
    assert denmark.call("PUT", f"{QR}/mobilepay/12", {"locationDescription": "x"}).status == 400


def test_check_in_pays_with_the_token_for_fifteen_minutes(client, shop):
    put(client, "till-1")
    client.register(shop.url, "user.checked-in.v1")
    scanned = client.process.control(f"customers/{KARI}/scan", {"msn": "123456", "merchantQrId": "till-1"})
    assert scanned["outcome"] == "checked-in" and scanned["status"] == "waiting"
    body = shop.taken[0].json
    assert list(body) == ["customerToken", "merchantQrId", "msn", "initiatedAt"]
    assert body["customerToken"] == scanned["customerToken"] and body["merchantQrId"] == "till-1"
    paid = client.create("checkin-01", customer={"customerToken": body["customerToken"]})
    assert paid.status == 201 and client.approve("checkin-01")["outcome"] == "approved"
    who = {"customer": {"customerToken": body["customerToken"]}, "requestedData": ["MSISDN"]}
    assert client.call("POST", "/qr/v1/exchange/customer", who).json["msisdn"] == KARI
    client.process.advance(15 * 60 + 1)
    assert client.create("checkin-02", customer={"customerToken": body["customerToken"]}).code == "4050"


def test_a_shop_that_asks_for_the_payment_before_it_answers_the_delivery_keeps_nobody_waiting(client, shop):
    put(client, "till-1")
    client.register(shop.url, "user.checked-in.v1")
    shop.before_answer = lambda taken: client.create("checkin-01", customer={"customerToken": taken.json["customerToken"]})
    scanned = client.process.control(f"customers/{KARI}/scan", {"msn": "123456", "merchantQrId": "till-1"})
    assert scanned["outcome"] == "checked-in" and scanned["status"] == "payment"


def test_scanning_without_a_listening_shop_cannot_connect(client, shop):
    put(client, "till-1")
    content = client.call("GET", f"{QR}/till-1").json["qrContent"]
    scan = lambda: client.process.control(f"customers/{KARI}/scan", {"qrContent": content})["status"]
    assert scan() == "cannot-connect", "nobody is registered"
    client.register(shop.url, "user.checked-in.v1")
    shop.answers = [500]
    assert scan() == "cannot-connect"
    assert scan() == "waiting"
    client.process.control("deliveries/stop", {})
    scanned = client.process.control(f"customers/{KARI}/scan", {"qrContent": content, "wait": False})
    assert scanned["status"] == "connecting"
    client.process.advance(11)
    assert client.process.control(f"customers/{KARI}")["scan"]["status"] == "cannot-connect"


def test_one_time_codes_are_opened_by_whoever_scans(client):
    made = client.create("onetime-01", userFlow="QR", customer=None, qrFormat={"format": "TEXT/TARGETURL"}).json
    scanned = client.process.control(f"customers/{KARI}/scan", {"qrContent": made["redirectUrl"]})
    assert scanned == {"outcome": "payment", "reference": "onetime-01", "msn": "123456"}
    assert (
        client.process.control("customers/46701234567/scan", {"qrContent": made["redirectUrl"]})["outcome"]
        == "not-found"
    )
    assert client.approve("onetime-01")["outcome"] == "approved"
    assert client.process.control(f"customers/{KARI}/scan", {"token": "nonsense"})["outcome"] == "not-found"


def test_personal_codes_old_and_new(client):
    content = client.process.control(f"customers/{KARI}")["personalQr"]
    assert content.startswith("https://qr.vipps.no/p/")
    assert client.create("personal-1", customer={"personalQr": content}).status == 201
    assert (
        client.create("personal-2", customer={"personalQr": f"https://qr.vipps.no/28/2/01/031/{KARI}?v=1"}).status
        == 201
    )
    exchanged = client.call("POST", "/qr/v1/exchange", {"qrCode": content, "requestedData": ["MSISDN"]}).json
    assert exchanged["msisdn"] == KARI and exchanged["version"] == "2.0"
    assert client.call("POST", "/qr/v1/exchange", {"qrCode": "x"}).status == 400


def test_the_phone_is_told_of_every_change(client):
    import urllib.request

    with urllib.request.urlopen(f"{client.process.base}/phone/{KARI}/live", timeout=5) as stream:

        def next_view():
            while True:
                line = stream.readline()
                if line.startswith(b"data: "):
                    return json.loads(line[6:])

        assert next_view()["pending"] == []
        client.create("phone-0001")
        pending = next_view()["pending"]
        assert pending[0]["shop"] == "Fjord Bakery" and pending[0]["amount"] == 12500
        client.process.control(f"customers/{KARI}/decline", {})
        assert next_view()["history"][0]["state"] == "ABORTED"


def test_pages_are_there(client):
    for path in (
        "/",
        "/phone",
        f"/phone/{KARI}",
        "/landing?token=x",
        "/web/style.css",
        "/web/phone.js",
        "/web/overview.js",
    ):
        assert client.process.call("GET", path).status == 200, path
    assert client.process.call("GET", "/web/..%2f__main__.py").status == 404
    assert client.process.call("GET", f"/phone/{KARI}/code.svg").raw.startswith(b"<svg")


def test_numbers_and_secrets_do_not_show_in_what_is_read_back(client, shop):
    client.register(shop.url)
    client.create("private-01")
    client.create("private-02", customer={"personalQr": f"https://qr.vipps.no/28/2/01/031/{OLA}?v=1"})
    for path in ("state", "payments", "requests", "deliveries"):
        text = json.dumps(client.process.control(path))
        assert KARI not in text and OLA not in text, path
        assert client.keys["clientSecret"] not in text and client.keys["subscriptionKeys"][0] not in text
        for registration in client.process.control("state")["registrations"]:
            assert "secret" not in registration


def test_dropping_and_late_replies_still_do_the_work(client):
    client.process.fault(kind="drop-reply", operation="create", reference="drop-00001")
    with pytest.raises(Dropped):
        client.create("drop-00001", key="drop")
    assert client.get("drop-00001")["state"] == "CREATED"
    assert client.create("drop-00001", key="drop").status == 201
    asked = client.process.control("requests?reference=drop-00001&operation=create")
    assert [(entry["status"], entry["replySent"], entry["replayed"]) for entry in asked] == [
        (201, False, False),
        (201, True, True),
    ]
