"""The operator's window on the bus, as a process of its own; and one trace seen through it."""

import json
import os
import re
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from launcher import demo, paths
from launcher.keys import SERVICES
from launcher.waiting import wait_until

from drills.till import KARI, PATIENCE, new_id, tenant

LEDGER = ("--service", "financial-service")


def command(product, *words: str) -> tuple[list[str], dict[str, str]]:
    operator = demo.sign_in(tenant()["id"], "operator")
    return ([str(paths.TOOLS / "bus"), *words, "--state-dir", str(product.state)],
            {**os.environ, "BASE_URL": product.base_url, "OPERATOR_USER": operator["userName"],
             "OPERATOR_PASSWORD": operator["password"]})


def told(product, *words: str, code: int = 0) -> str:
    """What the tool prints when it ends with this code."""
    line, environment = command(product, *words)
    ended = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == code, f"{ended.returncode}: {ended.stdout}{ended.stderr}"
    return ended.stdout if code == 0 else ended.stderr


@contextmanager
def watching(product, folder: Path, *words: str) -> Iterator[Path]:
    """The file that the tool writes to while it watches."""
    line, environment = command(product, "watch", *words)
    file = folder / "watched"
    trouble = folder / "trouble"
    with open(file, "wb") as output, open(trouble, "wb") as errors:
        process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        try:
            yield file
            assert process.poll() is None, f"it ended with {process.returncode}: {trouble.read_text()}"
        finally:
            process.terminate()
            process.wait()


def lines(file: Path) -> list[str]:
    """The whole ones; the last may be being written."""
    return file.read_text().split("\n")[:-1]


def complete(till, vipps, **fields) -> tuple:
    sale = till.sale()
    payment = sale.pay(**fields)
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    return sale, payment


def test_one_trace_goes_from_the_browser_through_every_message_to_vipps(product, till, vipps, tmp_path):
    with watching(product, tmp_path, "--json") as file:
        def heard() -> set[str]:
            return {json.loads(line)["stream"] for line in lines(file)}

        def connected() -> bool:
            """Whoever comes to a bus hears what is told from then on: so something is told until all are heard."""
            complete(till, vipps)
            return {"pos.payment-commands", "payments.payments", "finance.ledger"} <= heard()

        wait_until(connected, PATIENCE, "the tool to hear the services")
        trace, span = uuid.uuid4().hex, uuid.uuid4().hex[:16]
        sale = till.sale()
        answer = till.pos.post(
            f"/pos/api/sales/{sale.id}/commands",
            {"commandID": new_id(), "type": "start-payment", "paymentOptionID": till.vipps,
             "identification": {"type": "phone", "phoneNumber": KARI}},
            {"traceparent": f"00-{trace}-{span}-01"})
        assert answer.status == 200 and trace in answer.headers["traceparent"]
        payment = answer.json()["payments"][-1]
        vipps.approve(payment["reference"])
        sale.wait_state("completed")

        def of_payment():
            messages = [message for message in map(json.loads, lines(file)) if payment["id"] in json.dumps(message)]
            streams = {message["stream"] for message in messages if trace in message["traceparent"]}
            return messages if {"pos.payment-commands", "payments.payments", "finance.ledger"} <= streams else None

        messages = wait_until(of_payment, PATIENCE, "the messages of the traced payment")
    asked = next(message for message in messages if message["stream"] == "pos.payment-commands")
    assert asked["traceparent"].split("-")[1] == trace and asked["traceparent"].split("-")[2] != span

    calls = {call["operation"]: call for call in vipps.get(f"/requests?reference={payment['reference']}")}
    assert {"create", "capture"} <= set(calls)
    for operation in ("create", "capture"):
        assert calls[operation]["traceparent"].split("-")[1] == trace, operation
    events = wait_until(lambda: logged(till, payment["id"]), PATIENCE, "the event log")
    assert {event["traceID"] for event in events} == {trace}


def logged(till, payment_id: str) -> list[dict] | None:
    """The lines of the event log that tell of our own calls, once both are there."""
    events = [event for event in till.get(f"/financial/api/payments/{payment_id}/events")["events"]
              if event["origin"] == "gateway"]
    return events if {"create", "capture"} <= {event["name"] for event in events} else None


def test_watch_prints_a_line_for_each_message_of_the_streams_it_is_asked_for(product, till, vipps, tmp_path):
    with watching(product, tmp_path, "payments") as file:
        def seen() -> list[str]:
            _, payment = complete(till, vipps)
            return [line for line in lines(file) if payment["id"] in line]

        line = wait_until(seen, PATIENCE, "a line of a payment")[0]
        assert all(" payments." in line for line in lines(file))
    assert re.fullmatch(r"\S+Z payments\.payments #\d+ \S+ \S+ tenant=" + tenant()["id"] + r" trace=[0-9a-f]{32}", line)
    assert KARI not in file.read_text()


def test_heads_shows_every_service_with_its_streams_and_who_follows_them(product, till, vipps):
    complete(till, vipps)
    text = told(product, "heads", "--wait", str(int(PATIENCE / 2)))
    assert set(re.findall(r"^(\S+)  epoch \S+$", text, re.M)) == set(SERVICES)
    assert "not heard" not in text and "REFUSED" not in text
    assert re.search(r"^  payments\.payments  1\.\.\.[1-9]\d*\n(    \S+  at \d+  lag \d+\n)*    financial-service  at [1-9]",
                     text, re.M)


def test_heads_fails_when_a_service_is_not_heard(product):
    product.stop_service("notification-relay")
    try:
        line, environment = command(product, "heads", "--wait", "3")
        ended = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=PATIENCE)
        assert ended.returncode == 1 and "notification-relay  not heard" in ended.stdout, ended
    finally:
        product.start_service("notification-relay")
        product.wait_ready("notification-relay")


@pytest.mark.parametrize("service", SERVICES)
def test_health_shows_one_service(product, service):
    text = told(product, "health", "--service", service)
    assert re.match(rf"{service}  ready  set aside 0  dead letters 0\n", text)
    assert re.search(r"^  hears \S+ of \S+  at \d+  lag \d+  heard \S+Z$", text, re.M)


def test_a_dead_letter_is_listed_tried_again_and_dropped(product, till, vipps):
    ledger = product.database_path("financial-service")
    execute(ledger, """CREATE TRIGGER poison BEFORE INSERT ON ledger_entry BEGIN SELECT RAISE(ABORT, 'poison'); END""")
    sales = [complete(till, vipps)[0] for _ in range(2)]

    def two() -> list[int] | None:
        text = told(product, "dead-letters", "list", *LEDGER)
        numbers = [int(number) for number in re.findall(r"^(\d+)  \S+Z  \S+ #\d+  \S+  \S+  after \d+ attempts: .*poison",
                                                        text, re.M)]
        assert text.endswith(f"{len(numbers)} dead letters\n"), text
        return numbers if len(numbers) == 2 else None

    first, second = wait_until(two, PATIENCE, "two dead letters")
    assert "  dead letters 2\n" in told(product, "health", *LEDGER)
    assert "poison" in told(product, "dead-letters", "retry", str(first), *LEDGER, code=1)
    execute(ledger, "DROP TRIGGER poison")
    assert entries(till, sales) == [0, 0]
    assert told(product, "dead-letters", "retry", str(first), *LEDGER) == "applied\n"
    assert sorted(entries(till, sales)) == [0, 1]
    assert told(product, "dead-letters", "drop", str(second), *LEDGER) == "dropped\n"
    assert told(product, "dead-letters", "list", *LEDGER) == "0 dead letters\n"
    assert sorted(entries(till, sales)) == [0, 1]
    assert f"no dead letter {second}" in told(product, "dead-letters", "retry", str(second), *LEDGER, code=1)


def execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as database:
        database.execute(statement)


def entries(till, sales: list) -> list[int]:
    return [len(till.get(f"/financial/api/sales/{sale.id}/ledger")["entries"]) for sale in sales]


def test_whoever_is_no_operator_is_refused(product):
    line, environment = command(product, "health", *LEDGER)
    cashier = demo.sign_in(tenant()["id"], "kari")
    ended = subprocess.run(line, env={**environment, "OPERATOR_USER": "kari", "OPERATOR_PASSWORD": cashier["password"]},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode != 0 and "403" in ended.stderr
