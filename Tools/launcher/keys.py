"""The keys of one deployment, made once: the bus, sessions, and the gateway's certificate for sealing."""

import ctypes
import ctypes.util
import json
import os
import subprocess
from pathlib import Path

from .errors import LauncherError
from .machine import find_program
from .ports import Ports

SERVICES = ["pos-service", "vipps-gateway", "financial-service", "notification-relay"]
OBSERVER = "operator"
CERTIFICATE_DAYS = 825
RENEW_BEFORE_DAYS = 30


class Keys:
    """The key files below one directory, readable by their owner alone."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.bus_directory = directory / "bus.json"
        self.session_private = directory / "session-private.pem"
        self.session_public = directory / "session-public.pem"
        self.sealing_certificates = directory / "sealing-certificates.pem"
        self.opening_keys = directory / "opening-keys.pem"

    def bus_secret(self, name: str) -> Path:
        return self.directory / f"{name}.bus-secret"

    def _bus_public(self, name: str) -> Path:
        return self.directory / f"{name}.bus-public"

    def prepare(self, ports: Ports, days: int = CERTIFICATE_DAYS) -> None:
        """Makes what is missing, renews a certificate about to expire, and writes the bus directory for `ports`."""
        before = os.umask(0o077)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            os.chmod(self.directory, 0o700)
            for name in [*SERVICES, OBSERVER]:
                self._make_bus_keys(name)
            self._make_session_keys()
            self._renew_certificate(days)
            self._write_bus_directory(ports)
        finally:
            os.umask(before)

    def _make_bus_keys(self, name: str) -> None:
        if self.bus_secret(name).exists() and self._bus_public(name).exists():
            return
        public, secret = curve_keypair()
        self._bus_public(name).write_text(public)
        self.bus_secret(name).write_text(secret)

    def _write_bus_directory(self, ports: Ports) -> None:
        peers = [{"service": name, "endpoint": f"tcp://127.0.0.1:{ports.bus(name)}",
                  "publicKey": self._bus_public(name).read_text()} for name in SERVICES]
        directory = {"peers": peers, "observers": [self._bus_public(OBSERVER).read_text()]}
        replace(self.bus_directory, json.dumps(directory, indent=2) + "\n")

    def _make_session_keys(self) -> None:
        if self.session_private.exists() and self.session_public.exists():
            return
        replace(self.session_private, openssl(["genpkey", "-algorithm", "ED25519"]))
        replace(self.session_public, openssl(["pkey", "-in", str(self.session_private), "-pubout"]))

    def _renew_certificate(self, days: int) -> None:
        """A new pair goes in front; older ones stay, or what was sealed to them could never be opened."""
        if self.opening_keys.exists() and self.sealing_certificates.exists():
            margin = str(RENEW_BEFORE_DAYS * 86400)
            newest = subprocess.run([_openssl(), "x509", "-in", str(self.sealing_certificates), "-noout", "-checkend",
                                     margin], capture_output=True)
            if newest.returncode == 0:
                return
        fresh_key = self.directory / "fresh-key.pem"
        fresh_key.write_text(openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
        certificate = openssl(["req", "-new", "-x509", "-key", str(fresh_key), "-sha256", "-days", str(days),
                               "-subj", "/CN=vipps-gateway", "-addext", "keyUsage=critical,keyAgreement"])
        older_keys = self.opening_keys.read_text() if self.opening_keys.exists() else ""
        older = self.sealing_certificates.read_text() if self.sealing_certificates.exists() else ""
        # The opener's file first: a certificate must never be in use before its key can open.
        replace(self.opening_keys, certificate + fresh_key.read_text() + older_keys)
        replace(self.sealing_certificates, certificate + older)
        fresh_key.unlink()


def replace(path: Path, text: str) -> None:
    """Writes a private file so that a reader sees the old text or the new one, never half."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def curve_keypair() -> tuple[str, str]:
    """A CURVE key pair (public, secret) as two Z85 texts of 40 characters, from libzmq itself."""
    library = ctypes.CDLL(ctypes.util.find_library("zmq") or "libzmq.so.5")
    public, secret = ctypes.create_string_buffer(41), ctypes.create_string_buffer(41)
    if library.zmq_curve_keypair(public, secret) != 0:
        raise LauncherError("This libzmq was built without CURVE. Install Debian's libzmq3-dev.")
    return public.value.decode(), secret.value.decode()


def openssl(arguments: list[str]) -> str:
    """Standard output of the openssl command."""
    result = subprocess.run([_openssl(), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise LauncherError(f"openssl {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout


def _openssl() -> str:
    found = find_program("openssl")
    if not found:
        raise LauncherError("The openssl command is missing. Run Tools/setup.")
    return found
