"""`Tools/run`: from a clean clone to a running product in one command."""

import argparse
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from . import building, demo, paths, setup
from .errors import LauncherError
from .following import Follower
from .lock import StateLock
from .ports import Ports, refuse_taken
from .product import Product
from .screen import bold, paint, prefix, say, table

DESCRIPTION = """Sets up what is missing, builds, and starts the product with a simulated Vipps:
four services, the Vipps simulator, a mail sink and the front door, with demo data.
Shows their logs until Ctrl-C, which stops all of them in order. On a terminal, Enter shows their states."""

EPILOG = """files: everything made on this machine is in .run/ (keys, data, logs) and .build/; both can be deleted.
environment: LOG_LEVEL (info) and LOG_FORMAT (lines, json) are handed to the services.
exit code: 0 after Ctrl-C, SIGTERM or SIGHUP; 130 when that came before all was up; 1 when it cannot start."""


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="Tools/run", description=DESCRIPTION, epilog=EPILOG,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--port", type=int, metavar="N", help="the front door's port (8080)")
    words.add_argument("--port-base", type=int, metavar="N", help="twelve ports in a row from N, the front door first")
    words.add_argument("--state-dir", type=Path, metavar="DIR", default=paths.WORKSHOP,
                       help="where keys, data and logs are (.run)")
    words.add_argument("--deployment", metavar="NAME", default="dev1",
                       help="name of the deployment (dev1); prod2, prod3, prod5 and prod6 mean the real Vipps and are refused")
    words.add_argument("--fresh", action="store_true", help="throw away data, logs and mails first; asks")
    words.add_argument("--yes", action="store_true", help="do not ask")
    words.add_argument("--release", action="store_true", help="build and run with optimisation")
    words.add_argument("--no-build", action="store_true", help="start what was built before")
    words.add_argument("--quiet", action="store_true", help="show states, not logs; the logs are in the state directory")
    return words


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; the answer is the process's exit code."""
    options = parser().parse_args(arguments)
    stop = StopRequest()
    try:
        return _run(options, stop)
    except LauncherError as error:
        say(paint(str(error), "31"))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


class StopRequest:
    """SIGINT, SIGTERM or SIGHUP. Before all is up it breaks off what is being done, afterwards it ends `wait`."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._waiting = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def wait(self) -> None:
        """Returns when the first signal has come."""
        self._waiting = True
        while not self._asked.wait(3600):
            pass

    def _handle(self, number: int, frame: object) -> None:
        if self._asked.is_set():
            say("Stopping already; one moment.")
            return
        self._asked.set()
        if not self._waiting:
            raise KeyboardInterrupt


def choose_ports(options: argparse.Namespace) -> Ports:
    ports = Ports.from_base(options.port_base) if options.port_base else Ports()
    if options.port is None:
        return ports
    if not 1 <= options.port <= 65535:
        raise LauncherError(f"--port must be between 1 and 65535, not {options.port}.")
    return Ports(**{**vars(ports), "front_door": options.port})


def _run(options: argparse.Namespace, stop: StopRequest) -> int:
    if options.deployment in ("prod2", "prod3", "prod5", "prod6"):
        raise LauncherError(f"{options.deployment} is a production deployment: it talks to the real Vipps, and Tools/run "
                            "starts a simulated one. For production see README.md.")
    ports = choose_ports(options)
    state = options.state_dir.expanduser().resolve()
    lock = StateLock(state)
    lock.acquire(f"http://127.0.0.1:{ports.front_door}")
    try:
        if options.fresh:
            throw_away(state, options.yes)
        refuse_taken(ports)  # Again at the start, but a person should not wait for a build to hear it.
        setup.prepare()
        if options.no_build:
            building.check_built(options.release)
        else:
            building.build_products(options.release)
        product = Product(state, options.deployment, ports, supervise=True, tell=_tell,
                          binaries=paths.binaries(options.release))
        return _start_and_watch(product, options.quiet, stop)
    finally:
        lock.release()


def throw_away(state: Path, without_asking: bool) -> None:
    """Deletes data, logs, mails and the simulator's memory; keys and what is installed stay."""
    folders = [state / name for name in ("data", "logs", "mail", "simulator", "nginx") if (state / name).exists()]
    if not folders:
        return
    if not without_asking:
        if not sys.stdin.isatty():
            raise LauncherError("--fresh asks before it deletes; with no terminal to ask on, add --yes.")
        answer = input(f"Delete all data, logs and mails in {state}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise LauncherError("Nothing was deleted and nothing started.")
    for folder in folders:
        shutil.rmtree(folder)


def _start_and_watch(product: Product, quiet: bool, stop: StopRequest) -> int:
    names = list(product.processes)
    width = max(len(name) for name in names)
    prefixes = {name: prefix(name, position, width) for position, name in enumerate(names)}
    follower = Follower({name: product.log_path(name) for name in names},
                        (lambda name, line: None) if quiet else (lambda name, line: say(f"{prefixes[name]} {line}")))
    follower.start()
    try:
        say("Starting ...")
        product.start()
        follower.catch_up()
        say(welcome(product))
        if _in_foreground():
            threading.Thread(target=_show_states_on_enter, args=(product,), daemon=True).start()
        stop.wait()
        return 0
    finally:
        say("Stopping ...")
        clean = product.stop()
        follower.stop()
        say("All stopped." if clean else "All stopped; see above for what had to be killed.")


def _in_foreground() -> bool:
    """A process in the background of its terminal is stopped by the kernel when it reads from it."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


def _show_states_on_enter(product: Product) -> None:
    for _ in sys.stdin:
        say(states(product))


def states(product: Product) -> str:
    rows = [("process", "state", "pid", "starts", "log")]
    for name, process in product.processes.items():
        rows.append((name, process.state, str(process.pid or "-"), str(process.starts), str(process.log)))
    return table(rows)


def welcome(product: Product) -> str:
    """Addresses and sign-ins."""
    base = product.base_url
    places = [
        ("Till", f"{base}/pos/app/#/new-sale"),
        ("Payment options", f"{base}/financial/app/#/incoming-payment-options"),
        ("The customer's phone", f"{product.simulator_url}/phone"),
        ("Vipps simulator", f"{product.simulator_url}/"),
        ("Mail that was sent", f"{product.mail_url}/"),
        ("Logs", str(product.state / "logs")),
    ]
    people = [(user["userName"], user["password"], ", ".join(user["roles"]), tenant["name"])
              for tenant in demo.tenants() for user in tenant["users"]]
    return "\n".join(["", bold("Running. Open:"), table(places), "", bold("Sign in:"),
                      table([("user", "password", "roles", "tenant"), *people]), "",
                      f"Try it: sell something as kari, press Vipps, type 91234567, and approve at {product.simulator_url}/phone",
                      "Ctrl-C stops everything.", ""])


def _tell(text: str) -> None:
    say(paint(text, "1;31"))
