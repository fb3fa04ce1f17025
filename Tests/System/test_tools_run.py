"""`Tools/run` as a person starts it: in a process of its own, with what was built."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import demo, paths
from launcher.ports import Ports, can_listen
from launcher.waiting import wait_until
from launcher.web import Client

PATIENCE = 90.0


def free_base() -> int:
    """Twelve free ports in a row that no other test takes: `Ports.free` draws its own above 15000."""
    start = 9100 + os.getpid() % 350 * 12
    return next(base for base in range(start, start + 1200, 12)
                if all(can_listen(port) for _, port in Ports.from_base(base).items()))


class Launcher:
    """One start of `Tools/run`, what it has printed, and every process below it."""

    def __init__(self, folder: Path, base: int, name: str = "printed"):
        self.printed, self.base = folder / name, base
        self.state = folder / "state"
        with open(self.printed, "wb") as output:
            self.process = subprocess.Popen(
                [str(paths.TOOLS / "run"), "--no-build", "--quiet", "--port-base", str(base),
                 "--state-dir", str(self.state)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, "PATH": os.path.dirname(sys.executable) + ":" + os.environ["PATH"]})

    @property
    def text(self) -> str:
        return self.printed.read_text()

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.text or self.process.poll() is not None, PATIENCE, words)
        assert words in self.text, self.text

    def wait_end(self) -> int:
        return self.process.wait(PATIENCE)

    def children(self) -> list[int]:
        """Below the launcher at any depth: nginx has a worker of its own."""
        found, left = [], [self.process.pid]
        while left:
            for task in Path(f"/proc/{left.pop()}/task").glob("*/children"):
                try:
                    below = [int(word) for word in task.read_text().split()]
                except OSError:
                    continue  # It has just ended.
                found += below
                left += below
        return found


@pytest.fixture
def start(tmp_path):
    """Starts `Tools/run`; whatever still runs at the end of the test is ended."""
    started = []

    def one(*arguments) -> Launcher:
        started.append(Launcher(tmp_path, *arguments))
        return started[-1]

    yield one
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.process.terminate()
            try:
                launcher.wait_end()
            except subprocess.TimeoutExpired:
                launcher.process.kill()  # What it started dies with it.
                launcher.wait_end()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_tells_where_and_who_and_ends_in_order_when_asked(start, number):
    base = free_base()
    launcher = start(base)
    launcher.wait_for("Ctrl-C stops everything.")
    ports = Ports.from_base(base)
    for place in (f"http://127.0.0.1:{base}/pos/app/#/new-sale", f"http://127.0.0.1:{ports.simulator}/phone",
                  f"http://127.0.0.1:{base}/financial/app/#/incoming-payment-options"):
        assert place in launcher.text
    for tenant in demo.tenants():
        for user in tenant["users"]:
            assert re.search(rf"{user['userName']} +{user['password']} .*{tenant['name']}", launcher.text)
    door = Client(f"http://127.0.0.1:{base}")
    assert door.post("/pos/api/session", demo.sign_in(demo.tenants()[0]["id"], "kari")).status == 200
    children = launcher.children()
    assert len(children) >= 8, "seven processes, and nginx' worker"

    again = start(base, "printed again")
    assert again.wait_end() == 1
    assert f"Already running: process {launcher.process.pid} serves http://127.0.0.1:{base}" in again.text
    assert launcher.process.poll() is None

    launcher.process.send_signal(number)
    assert launcher.wait_end() == 0
    assert launcher.text.endswith("Stopping ...\nAll stopped.\n"), launcher.text[-500:]
    assert [pid for pid in children if is_there(pid)] == []
    assert all(can_listen(port) for _, port in ports.items())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_breaks_off_while_it_starts(start, number):
    base = free_base()
    launcher = start(base)
    launcher.wait_for("Starting ...")
    children = wait_until(launcher.children, PATIENCE, "a process to be started")
    launcher.process.send_signal(number)
    code = launcher.wait_end()
    assert code == (0 if "Running. Open:" in launcher.text else 130), launcher.text
    assert [pid for pid in children if is_there(pid)] == []
    assert all(can_listen(port) for _, port in Ports.from_base(base).items())


def test_says_which_port_is_taken_and_by_whom(start):
    base = free_base()
    port = Ports.from_base(base).vipps_gateway
    with socket.create_server(("127.0.0.1", port)):
        launcher = start(base)
        assert launcher.wait_end() == 1
    assert f"port {port} (vipps gateway) is taken by" in launcher.text and f"(pid {os.getpid()})" in launcher.text
    assert "Tools/run --port-base" in launcher.text
    assert launcher.children() == [] and not (launcher.state / "data").exists()
