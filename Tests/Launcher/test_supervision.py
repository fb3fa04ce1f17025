"""Processes: started, brought back, ended in order, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.processes import Backoff, Command, ManagedProcess, describe_exit
from launcher.waiting import wait_until


def test_backoff_doubles_to_thirty_seconds_and_forgets_after_a_quiet_minute():
    backoff = Backoff()
    assert [backoff.pause(1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.pause(60) == 0.5
    assert backoff.pause(59.9) == 1


def test_an_exit_is_described_in_words():
    assert describe_exit(3) == "ended with code 3"
    assert describe_exit(-9) == "was ended by SIGKILL"


def test_everything_starts_and_stops_in_order(make_product):
    product = make_product()
    product.start()
    assert all(process.alive for process in product.processes.values())
    assert product.stop() is True
    assert not any(process.alive for process in product.processes.values())
    assert "pos-service ends in order" in product.log("pos-service")


def test_a_killed_service_comes_back_when_supervised(make_product):
    product = make_product(supervise=True)
    product.start()
    before = product.processes["vipps-gateway"].pid
    product.kill("vipps-gateway")
    wait_until(lambda: product.processes["vipps-gateway"].starts == 2, 10, "the gateway to be started again")
    product.wait_ready("vipps-gateway")
    assert product.processes["vipps-gateway"].pid != before
    assert any("was ended by SIGKILL" in text for text in product.told)


def test_a_killed_service_stays_down_without_supervision(make_product):
    product = make_product()
    product.start()
    product.kill("vipps-gateway")
    assert product.wait_dead("vipps-gateway") == -signal.SIGKILL
    product.start_service("vipps-gateway")
    product.wait_ready("vipps-gateway")
    assert product.processes["vipps-gateway"].starts == 2


def test_the_extra_environment_holds_for_one_start(make_product):
    product = make_product()
    product.start()
    product.stop_service("pos-service")
    product.start_service("pos-service", extra_env={"CRASH_AT": "start"})
    assert product.wait_dead("pos-service") == -signal.SIGKILL
    product.start_service("pos-service")
    product.wait_ready("pos-service")


def test_a_service_that_is_never_ready_is_named_with_what_it_misses(make_product):
    product = make_product(environment={"NEVER_READY": "1"}, with_front_door=False)
    with pytest.raises(LauncherError, match=r"(?s)pos-service was not ready.*missing.*bus"):
        product.start(seconds=2)
    assert not any(process.alive for process in product.processes.values())


def test_a_service_that_dies_at_once_is_reported_with_the_end_of_its_log(make_product, binaries: Path):
    (binaries / "pos-service").unlink()
    (binaries / "pos-service").write_text("#!/bin/sh\necho 'DATABASE_PATH is missing' >&2\nexit 3\n")
    (binaries / "pos-service").chmod(0o755)
    product = make_product()
    with pytest.raises(LauncherError, match=r"(?s)ended with code 3.*DATABASE_PATH is missing"):
        product.start(seconds=10)


def test_a_stubborn_service_is_killed_after_its_grace(make_product):
    product = make_product(environment={"STUBBORN": "1"}, services=["pos-service"], with_front_door=False)
    product.start()
    assert product.stop(grace=0.5) is False
    assert any("was killed" in text for text in product.told)
    assert not product.processes["pos-service"].alive


def test_stopping_wins_over_a_restart_that_is_due(tmp_path: Path):
    process = ManagedProcess(Command("short", [sys.executable, "-c", "raise SystemExit(1)"]), tmp_path / "log", True, print)
    process.start()
    wait_until(lambda: process.state.startswith("waiting"), 10, "the process to have died")
    assert process.stop() is True
    assert process.state == "stopped"
    assert process.starts == 1


def test_children_die_with_a_launcher_that_is_killed(tmp_path: Path, binaries: Path):
    """nginx has a worker of its own, so both levels are looked at."""
    script = (
        "import sys, time; from pathlib import Path; from launcher.product import Product\n"
        f"product = Product({str(tmp_path / 'state')!r}, with_demo=False, with_simulator=False, with_mail_sink=False,"
        f" binaries=Path({str(binaries)!r}), supervise=True)\n"
        "product.start()\n"
        "print(*(process.pid for process in product.processes.values()), flush=True)\n"
        "time.sleep(600)\n")
    launcher = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "Tools")})
    try:
        children = [int(word) for word in launcher.stdout.readline().split()]
        assert len(children) == 5
        workers = [int(word) for child in children for word in Path(f"/proc/{child}/task/{child}/children").read_text().split()]
        assert workers, "nginx has no worker"
    finally:
        launcher.kill()
        launcher.wait()
    wait_until(lambda: not any(is_running(pid) for pid in children + workers), 10, f"{children + workers} to be gone")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path):
    import threading
    process = ManagedProcess(Command("sleeper", ["sleep", "600"], dict(os.environ)), tmp_path / "log", False, print)
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    time.sleep(0.3)  # Nothing must happen here, so there is nothing to wait for.
    assert process.alive
    process.stop()
