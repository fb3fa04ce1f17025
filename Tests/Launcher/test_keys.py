"""Keys: made once, private, renewed in time, and really usable."""

import json
import stat
import subprocess

import pytest
import zmq

from launcher.keys import OBSERVER, SERVICES, Keys, curve_keypair
from launcher.ports import Ports


@pytest.fixture
def keys(tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.prepare(Ports())
    return keys


def test_files_are_for_their_owner_alone(keys):
    assert stat.S_IMODE(keys.directory.stat().st_mode) == 0o700
    files = list(keys.directory.iterdir())
    assert len(files) == 2 * (len(SERVICES) + 1) + 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_start_keeps_every_key_and_follows_the_ports(keys):
    before = {file.name: file.read_text() for file in keys.directory.iterdir()}
    keys.prepare(Ports.from_base(9080))
    after = {file.name: file.read_text() for file in keys.directory.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"bus.json"}
    peers = json.loads(after["bus.json"])["peers"]
    assert [peer["endpoint"] for peer in peers] == [f"tcp://127.0.0.1:{port}" for port in range(9088, 9092)]


def test_the_bus_directory_names_each_service_with_the_public_half_of_its_key(keys):
    directory = json.loads(keys.bus_directory.read_text())
    assert [peer["service"] for peer in directory["peers"]] == SERVICES
    for peer in directory["peers"]:
        secret = keys.bus_secret(peer["service"]).read_text()
        assert zmq.curve_public(secret.encode()).decode() == peer["publicKey"]
    assert directory["observers"] == [zmq.curve_public(keys.bus_secret(OBSERVER).read_text().encode()).decode()]


def test_key_pairs_differ():
    assert len({key for _ in range(5) for key in curve_keypair()}) == 10


def test_what_is_sealed_to_the_certificate_opens_with_its_key(keys, tmp_path):
    envelope = tmp_path / "envelope"
    run("cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-out", str(envelope),
        "-recip", str(keys.sealing_certificates), "-keyopt", "ecdh_kdf_md:sha256", stdin=b"client secret")
    opened = run("cms", "-decrypt", "-inform", "DER", "-in", str(envelope), "-inkey", str(keys.opening_keys),
                 "-recip", str(keys.sealing_certificates))
    assert opened == b"client secret"


def test_the_session_keys_are_an_ed25519_pair(keys):
    text = run("pkey", "-in", str(keys.session_private), "-text", "-noout").decode()
    assert "ED25519" in text
    assert run("pkey", "-in", str(keys.session_private), "-pubout").decode() == keys.session_public.read_text()


def test_a_certificate_near_its_end_gets_a_new_one_in_front(tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.prepare(Ports(), days=5)
    old = keys.sealing_certificates.read_text()
    keys.prepare(Ports())
    both = keys.sealing_certificates.read_text()
    assert both.endswith(old) and both.count("BEGIN CERTIFICATE") == 2
    assert keys.opening_keys.read_text().count("PRIVATE KEY-----\n") == 4
    run("x509", "-in", str(keys.sealing_certificates), "-noout", "-checkend", str(700 * 86400))
    keys.prepare(Ports())
    assert keys.sealing_certificates.read_text() == both


def run(*words: str, stdin: bytes = b"") -> bytes:
    result = subprocess.run(["openssl", *words], input=stdin, capture_output=True)
    assert result.returncode == 0, result.stderr
    return result.stdout
