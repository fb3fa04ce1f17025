"""What stands between a person and a running product: taken ports, a second start, wrong options."""

import argparse
import json
import os
import socket
from pathlib import Path

import pytest

from launcher import run
from launcher.errors import LauncherError
from launcher.lock import StateLock
from launcher.ports import Ports, can_listen, refuse_taken


def test_free_ports_are_free_and_all_different():
    ports = Ports.free()
    values = [port for _, port in ports.items()]
    assert len(set(values)) == 12
    assert all(can_listen(port) for port in values)


def test_a_taken_port_is_named_with_its_holder_and_a_way_out():
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports.simulator)):
        with pytest.raises(LauncherError) as refusal:
            refuse_taken(ports)
    text = str(refusal.value)
    assert f"port {ports.simulator} (simulator) is taken by" in text
    assert f"(pid {os.getpid()})" in text
    assert "Tools/run --port-base" in text
    refuse_taken(ports)


def test_the_ports_follow_the_options():
    assert run.choose_ports(options()).front_door == 8080
    assert run.choose_ports(options("--port", "9000")) == Ports(front_door=9000)
    assert run.choose_ports(options("--port-base", "9080")).pos_service == 9081
    with pytest.raises(LauncherError, match="port-base must be between"):
        run.choose_ports(options("--port-base", "80"))
    with pytest.raises(LauncherError, match="--port must be"):
        run.choose_ports(options("--port", "70000"))


def test_a_second_start_says_who_runs_and_where(tmp_path: Path):
    first, second = StateLock(tmp_path), StateLock(tmp_path)
    first.acquire("http://127.0.0.1:8080")
    with pytest.raises(LauncherError, match=rf"Already running: process {os.getpid()} serves http://127.0.0.1:8080"):
        second.acquire("http://127.0.0.1:9090")
    first.release()
    second.acquire("http://127.0.0.1:9090")
    second.release()


@pytest.mark.parametrize("name", ["prod2", "prod3", "prod5", "prod6"])
def test_a_production_deployment_is_refused(name, capsys):
    assert run.main(["--deployment", name]) == 1
    assert "production" in capsys.readouterr().out


def test_fresh_throws_data_away_but_keeps_the_keys(tmp_path: Path, monkeypatch):
    for name in ("data", "logs", "keys", "venv"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("sys.stdin", open(os.devnull))
    with pytest.raises(LauncherError, match="--yes"):
        run.throw_away(tmp_path, without_asking=False)
    assert (tmp_path / "data").exists()
    run.throw_away(tmp_path, without_asking=True)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["keys", "venv"]


def test_the_services_get_their_configuration_and_nothing_of_this_terminal(make_product, monkeypatch):
    monkeypatch.setenv("CRASH_AT", "capture-sent")
    monkeypatch.setenv("DEPLOYMENT", "prod2")
    product = make_product(environment={"LOG_FORMAT": "json"})
    product.prepare()
    gateway = product.processes["vipps-gateway"].command.environment
    assert "CRASH_AT" not in gateway
    assert gateway["DEPLOYMENT"] == "test1"
    assert gateway["LOG_FORMAT"] == "json"
    assert gateway["HTTP_PORT"] == str(product.ports.vipps_gateway)
    assert gateway["BASE_URL"] == gateway["WEBHOOK_BASE_URL"] == product.base_url
    assert Path(gateway["OPENING_KEYS_FILE"]).exists()
    assert "SESSION_PRIVATE_KEY_FILE" not in gateway
    assert "OPENING_KEYS_FILE" not in product.processes["pos-service"].command.environment


def test_the_welcome_names_every_sign_in(make_product):
    text = run.welcome(make_product(with_mail_sink=True))
    for word in ("kari", "kanelbolle", "admin", "operator", "mette", "/pos/app/#/new-sale", "/phone"):
        assert word in text


def options(*words: str) -> argparse.Namespace:
    return run.parser().parse_args(list(words))


def test_the_lock_file_tells_pid_and_address(tmp_path: Path):
    lock = StateLock(tmp_path)
    lock.acquire("http://127.0.0.1:8080")
    assert json.loads((tmp_path / "launcher.lock").read_text()) == {"pid": os.getpid(), "address": "http://127.0.0.1:8080"}
    lock.release()
