"""Faults of the API, the request journal, state across restarts."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from simulated import KARI, TOOL, Client, Dropped, start, until


@pytest.mark.parametrize(("act", "aggregate"), [("capture", "capturedAmount"), ("refund", "refundedAmount")])
def test_a_lost_reply_is_made_good_with_the_same_key(client, act, aggregate):
    client.authorized("lost-00001")
    if act == "refund":
        client.change("capture", "lost-00001", 12500)
    client.process.fault(kind="drop-reply", operation=act)
    with pytest.raises(Dropped):
        client.change(act, "lost-00001", 12500, key="same")
    assert client.change(act, "lost-00001", 12500, key="same").json["aggregate"][aggregate]["value"] == 12500


def test_a_dropped_request_did_nothing(client):
    client.process.fault(kind="drop-request", operation="create")
    with pytest.raises(Dropped):
        client.create("dropped-01")
    assert client.call("GET", "/epayment/v1/payments/dropped-01").status == 404


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate-limited", 429), ("locked", 423), ("error-500", 500), ("unavailable", 503), ("unauthorized", 401)],
)
def test_refusals_on_demand_do_not_stick(client, kind, status):
    client.authorized("refusal-01")
    client.process.fault(kind=kind, operation="capture", retryAfter=7, count=2)
    for _ in range(2):
        reply = client.change("capture", "refusal-01", 12500, key="same")
        assert reply.status == status
        if status == 429:
            assert reply.headers["Retry-After"] == "7"
    assert client.get("refusal-01")["aggregate"]["capturedAmount"]["value"] == 0
    assert client.change("capture", "refusal-01", 12500, key="same").status == 200


def test_a_500_may_hide_work_that_was_done(client):
    client.authorized("hidden-001")
    client.process.fault(kind="error-500", operation="capture", work=True)
    assert client.change("capture", "hidden-001", 12500, key="same").status == 500
    assert client.get("hidden-001")["aggregate"]["capturedAmount"]["value"] == 12500
    assert client.change("capture", "hidden-001", 12500, key="same").status == 200


def test_late_replies_and_late_work_follow_the_clock(client):
    for kind, reference, done in (("late-reply", "late-00001", True), ("late-work", "late-00002", False)):
        client.process.fault(kind=kind, operation="create", seconds=300)
        replies = []
        thread = threading.Thread(target=lambda: replies.append(client.create(reference)))
        thread.start()
        until(lambda: client.process.control(f"requests?reference={reference}&operation=create") != [])
        until(lambda: (client.call("GET", f"/epayment/v1/payments/{reference}").status == 200) == done)
        assert replies == []
        client.process.advance(301)
        thread.join(5)
        assert replies[0].status == 201


def test_no_reply_at_all(client):
    client.process.fault(kind="no-reply", operation="create")
    headers, body = client.headers("key"), json.dumps(client.body("silence-01")).encode()
    with pytest.raises(Dropped):
        client.process.call("POST", "/epayment/v1/payments", body, headers, timeout=0.3)
    assert client.get("silence-01")["state"] == "CREATED"


def test_faults_choose_by_reference_count_skip_and_probability(client):
    client.process.fault(kind="unavailable", operation="get", reference="chosen-*", count=1, skip=1)
    client.create("chosen-001")
    client.create("other-0001")
    read = lambda reference: client.call("GET", f"/epayment/v1/payments/{reference}").status
    assert [read("other-0001"), read("chosen-001"), read("chosen-001"), read("chosen-001")] == [200, 200, 503, 200]
    patterns = []
    for _ in range(2):
        client.process.control("faults", method="DELETE")
        client.process.fault(kind="unavailable", operation="get", probability=0.5, seed=9, count=None)
        patterns.append([read("other-0001") for _ in range(20)])
    assert patterns[0] == patterns[1] and set(patterns[0]) == {200, 503}


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "nonsense"},
        {},
        {"kind": "locked", "operation": "fly"},
        {"kind": "locked", "count": 0},
        {"kind": "locked", "colour": "red"},
        {"kind": "domain-error", "code": 1},
        {"kind": "late-reply", "seconds": "x"},
    ],
)
def test_wrong_faults_are_refused_with_a_reason(client, wish):
    reply = client.process.call("POST", "/control/faults", wish)
    assert reply.status == 422 and reply.json["error"]


def test_all_tokens_expire_and_maintenance_refuses_everything(client):
    client.create("tokens-001")
    client.process.control("tokens/expire", {})
    assert client.call("GET", "/epayment/v1/payments/tokens-001").status == 401
    client.token = None
    assert client.get("tokens-001")["state"] == "CREATED"
    client.process.control("maintenance", {"on": True})
    assert client.call("GET", "/epayment/v1/payments/tokens-001").status == 503
    client.process.control("maintenance", {"on": False})
    assert client.get("tokens-001")["state"] == "CREATED"


def test_keys_can_be_rotated(client):
    client.create("rotate-001")
    client.process.control("key-sets/norway", {"clientSecret": "bmV3", "subscriptionKeys": ["e" * 32]}, "PATCH")
    assert client.call("GET", "/epayment/v1/payments/rotate-001").status == 401
    client.keys = {**client.keys, "clientSecret": "bmV3", "subscriptionKeys": ["e" * 32, "e" * 32]}
    client.token = None
    assert client.get("rotate-001")["state"] == "CREATED"


def test_the_journal_tells_what_was_asked(client):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.call(
        "POST",
        "/epayment/v1/payments",
        client.body("journal-01"),
        "the-key",
        traceparent=trace,
        **{"Vipps-System-Name": "till"},
    )
    entry = client.process.control("requests?reference=journal-01")[0]
    assert entry["operation"] == "create" and entry["idempotencyKey"] == "the-key" and entry["status"] == 201
    assert entry["traceparent"] == trace and entry["systemHeaders"] == {"Vipps-System-Name": "till"}
    assert entry["body"]["customer"]["phoneNumber"] == "47•••••567"
    assert client.process.control(f"requests?since={entry['id']}") == []
    problem = client.call("GET", "/epayment/v1/payments/none-00001", traceparent=trace).json
    assert problem["traceId"].split("-")[1] == trace.split("-")[1]


def test_control_names_what_is_wrong(client):
    for method, path, body, status in (
        ("POST", "clock", {"jump": 1}, 422),
        ("POST", "clock", {"set": "yesterday"}, 422),
        ("POST", "clock", b"{", 400),
        ("PATCH", "settings", {"rateLimits": 1}, 422),
        ("PATCH", "settings", {"x": 1}, 422),
        ("GET", "requests?x=1", None, 422),
        ("GET", "payments/123456/none", None, 404),
        ("POST", "customers", {"phone": "1"}, 422),
        ("POST", "customers", {"x": 1}, 422),
        ("PATCH", f"customers/{KARI}", {"behaviour": "sleeps"}, 422),
        ("POST", f"customers/{KARI}/scan", {}, 422),
        ("POST", "customers/4700000000/approve", {}, 404),
        ("DELETE", "faults/99", None, 404),
        ("PATCH", "sales-units/1", {}, 404),
        ("PATCH", "sales-units/123456", {"market": "SE"}, 422),
        ("POST", "portal/steal", {"msn": "123456", "reference": "none"}, 404),
    ):
        reply = client.process.call(method, f"/control/{path}", body)
        assert (reply.status, bool(reply.json["error"])) == (status, True), (path, reply.raw)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_state_survives_a_restart(tmp_path, shop, how):
    first = start("--state-dir", str(tmp_path))
    client = Client(first)
    client.register(shop.url)
    client.call("PUT", "/qr/v1/merchant-callback/till-1", {"locationDescription": "Till 1"})
    client.authorized("survive-01")
    first.settle()
    first.control("deliveries/stop", {})
    client.change("capture", "survive-01", 500, key="capture")
    client.create("survive-02")
    token = client.token
    os.kill(first.popen.pid, how)
    first.ended()
    second = start("--state-dir", str(tmp_path))
    try:
        client = Client(second)
        client.token = token
        assert (
            client.change("capture", "survive-01", 500, key="capture").json["aggregate"]["capturedAmount"]["value"]
            == 500
        )
        assert client.call("GET", "/qr/v1/merchant-callback/till-1").status == 200
        until(lambda: "CAPTURED" in shop.names())
        until(lambda: len(shop.taken) == 4)
        assert client.approve("survive-02")["outcome"] == "approved"
        client.create("survive-03", key="a new one")
        second.advance(601)
        assert client.get("survive-03")["state"] == "EXPIRED"
        assert len({event["pspReference"] for event in client.events("survive-01")}) == 3
    finally:
        assert second.stop() == 0


def run(*options: str):
    return subprocess.run(
        [sys.executable, "-m", "vipps_simulator", *options], cwd=TOOL, capture_output=True, text=True, timeout=10
    )


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert ended.returncode == 1 and str(port) in ended.stderr and "Traceback" not in ended.stderr


def test_a_seed_file_is_used_and_its_mistakes_are_named(tmp_path):
    seed = json.loads(run("--print-seed").stdout)
    good = tmp_path / "good.json"
    seed["customers"] = [{"phone": "4711111111", "name": "Only One", "behaviour": "approves", "afterSeconds": 0}]
    good.write_text(json.dumps(seed))
    process = start("--seed-file", str(good))
    try:
        assert [row["name"] for row in process.control("customers")] == ["Only One"]
    finally:
        process.stop()
    for change, named in (
        ({"customers": [{"phone": "12", "name": "x"}]}, "phone"),
        ({"salesUnits": []}, "123456"),
        ({"keySets": 1}, "keySets"),
        ({"salesUnits": [{"msn": "123456", "name": "x", "market": "SE"}]}, "market"),
    ):
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps({**seed, **change}))
        ended = run("--seed-file", str(bad), "--port", "0")
        assert ended.returncode == 2 and named in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
    assert run("--seed-file", str(tmp_path / "none.json")).returncode == 2


def test_hundreds_of_payments_at_once(client, shop):
    client.register(shop.url)
    client.headers()
    failures = []

    def pay(lane: int) -> None:
        mine = Client(client.process)
        mine.token = client.token
        for number in range(25):
            reference = f"many-{lane:02d}-{number:03d}"
            try:
                assert mine.create(reference, key=f"c-{reference}").status == 201
                mine.approve(reference)
                assert mine.change("capture", reference, 12500, key=f"k-{reference}").status == 200
            except AssertionError as error:
                failures.append(error)

    lanes = [threading.Thread(target=pay, args=(lane,)) for lane in range(8)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(60)
    client.process.control("settle", {"timeoutSeconds": 20})
    assert failures == []
    assert client.process.control("books?msn=123456")["123456"]["captured"] == 200 * 12500
    assert len(shop.taken) == 600


@pytest.mark.parametrize(
    "value",
    ["[" * 5000 + "]" * 5000, '{"a":' * 100 + "1" + "}" * 100, '{"paymentDescription":"\\ud800abc"}', "9" * 5000],
)
def test_hostile_json_is_a_400_and_leaves_no_trace(client, value):
    assert client.call("POST", "/epayment/v1/payments", value.encode(), "key").status == 400
    assert client.process.control("payments") == []
    assert client.process.control("requests")[-1]["status"] == 400


def test_a_reset_wakes_who_sleeps(client):
    client.process.fault(kind="late-reply", operation="create", seconds=3600)
    replies = []
    thread = threading.Thread(target=lambda: replies.append(client.create("sleeper-01")))
    thread.start()
    until(lambda: client.process.control("payments") != [])
    client.process.control("reset", {})
    thread.join(5)
    assert replies[0].status == 201


def test_a_changed_customer_acts_on_what_is_open(client):
    client.create("changed-01")
    client.process.control(f"customers/{KARI}", {"behaviour": "approves", "afterSeconds": 10}, "PATCH")
    client.process.control(f"customers/{KARI}", {"behaviour": "declines", "afterSeconds": 20}, "PATCH")
    client.process.advance(15)
    assert client.get("changed-01")["state"] == "CREATED"
    client.process.advance(10)
    assert client.get("changed-01")["state"] == "ABORTED"


def test_sigterm_ends_at_once_with_calls_in_the_air():
    process = start()
    client = Client(process)
    client.headers()
    process.fault(kind="no-reply", operation="create")
    ended = []

    def call() -> None:
        try:
            client.create("hanging-01")
        except Dropped:
            ended.append(True)

    thread = threading.Thread(target=call)
    thread.start()
    until(lambda: process.control("payments") != [])
    assert process.stop() == 0
    thread.join(5)
    assert ended == [True]


@pytest.mark.parametrize(
    ("operation", "limit"), [("create", 5), ("capture", 5), ("cancel", 5), ("refund", 5), ("get", 120), ("events", 120)]
)
def test_each_operation_has_its_own_limit(client, operation, limit):
    calls = {
        "create": lambda: client.create("limits-001"),
        "cancel": lambda: client.cancel("limits-001"),
        "get": lambda: client.call("GET", "/epayment/v1/payments/limits-001"),
        "events": lambda: client.call("GET", "/epayment/v1/payments/limits-001/events"),
    }
    call = calls.get(operation, lambda: client.change(operation, "limits-001", 1))
    assert 429 not in [call().status for _ in range(limit)]
    assert call().status == 429


def test_the_readme_names_every_fault_and_operation():
    sys.path.insert(0, str(TOOL))
    from vipps_simulator.faults import API_KINDS, OPERATIONS, WEBHOOK_KINDS

    readme = (TOOL / "README.md").read_text()
    assert [word for word in (*API_KINDS, *WEBHOOK_KINDS) if f"`{word}`" not in readme] == []
    assert [word for word in OPERATIONS if word not in readme] == []
