"""Which port belongs to whom, free ones for tests, and who holds a taken one."""

import dataclasses
import errno
import os
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from .errors import LauncherError


@dataclass(frozen=True)
class Ports:
    """Every port one running product listens on; all on the loopback address."""

    front_door: int = 8080
    pos_service: int = 8081
    vipps_gateway: int = 8082
    financial_service: int = 8083
    notification_relay: int = 8084
    simulator: int = 8090
    smtp: int = 8025
    mail_page: int = 8026
    bus_pos_service: int = 5561
    bus_vipps_gateway: int = 5562
    bus_financial_service: int = 5563
    bus_notification_relay: int = 5564

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """Twelve ports in a row from `base`, the front door first. Lets several products run side by side."""
        count = len(dataclasses.fields(cls))
        if not 1024 <= base <= 65536 - count:
            raise LauncherError(f"--port-base must be between 1024 and {65536 - count}, not {base}.")
        return cls(*range(base, base + count))

    @classmethod
    def free(cls) -> "Ports":
        """Ports nobody listens on now, outside the range the system gives to outgoing connections."""
        count = len(dataclasses.fields(cls))
        found: list[int] = []
        candidates = random.SystemRandom().sample(range(15000, 32000), 2000)
        for port in candidates:
            if can_listen(port):
                found.append(port)
            if len(found) == count:
                return cls(*found)
        raise LauncherError("No free ports between 15000 and 32000 on 127.0.0.1.")

    def service(self, name: str) -> int:
        return getattr(self, name.replace("-", "_"))

    def bus(self, name: str) -> int:
        return getattr(self, "bus_" + name.replace("-", "_"))

    def items(self) -> list[tuple[str, int]]:
        return [(field.name.replace("_", " "), getattr(self, field.name)) for field in dataclasses.fields(self)]


def can_listen(port: int) -> bool:
    """True if a server could bind the port on the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def refuse_taken(ports: Ports) -> None:
    """Raises if any port is taken, naming each, who holds it where that can be seen, and the way out."""
    taken = [(name, port) for name, port in ports.items() if not can_listen(port)]
    if not taken:
        return
    lines = [f"  port {port} ({name}) is taken by {holder(port) or 'a process that cannot be seen from here'}"
             for name, port in taken]
    only_front_door = [name for name, _ in taken] == ["front door"]
    way_out = f"--port {free_base()}" if only_front_door else f"--port-base {free_base()}"
    raise LauncherError("Cannot start:\n" + "\n".join(lines)
                        + f"\nEnd that process, or choose other ports with: Tools/run {way_out}")


def free_base() -> int:
    """A beginning for `--port-base` that works now."""
    for base in range(9080, 15000, 100):
        if all(can_listen(port) for _, port in Ports.from_base(base).items()):
            return base
    return 9080


def holder(port: int) -> str | None:
    """The process listening on the port, as `name (pid N)`, as far as /proc lets us see."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in inodes:
                    return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue  # Another user's process, or one that has just ended.
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if state == "0A" and int(local.rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{inode}]")
    return inodes
