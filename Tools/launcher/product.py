"""The whole product as one thing to start, stop, kill in parts and look into. Used by `Tools/run` and by tests:

    with Product(state_dir=folder) as product:
        product.kill("vipps-gateway")
        product.start_service("vipps-gateway", extra_env={"CRASH_AT": "capture-sent"})
        product.wait_ready("vipps-gateway")
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from . import demo, front_door, paths, seeding
from .errors import LauncherError
from .keys import OBSERVER, SERVICES, Keys
from .ports import Ports, refuse_taken
from .processes import Command, ManagedProcess, describe_exit
from .waiting import wait_until
from .web import Client

SIMULATOR, MAIL_SINK, FRONT_DOOR = "simulator", "mail-sink", "front-door"
DATABASES = {"pos-service": "pos.sqlite", "vipps-gateway": "gateway.sqlite",
             "financial-service": "financial.sqlite", "notification-relay": "relay.sqlite"}


class Product:
    """Processes, ports, keys and data of one deployment below one state directory.

    `ports` is "free" (tests), "default", or a `Ports`. `services` may be any of the four. `binaries` is the folder of
    the executables. `supervise` brings a dead process back with back-off; without it a killed one stays down until
    `start_service`. `environment` is given to all four services on top of their own.
    """

    def __init__(self, state_dir: Path | str, deployment: str = "test1", ports: Ports | str = "free",
                 services: Iterable[str] = SERVICES, with_front_door: bool = True, with_demo: bool = True,
                 with_simulator: bool = True, with_mail_sink: bool = True, supervise: bool = False,
                 binaries: Path | None = None, environment: dict[str, str] | None = None,
                 tell: Callable[[str], None] = lambda text: None):
        self.state = Path(state_dir).resolve()
        self.data = self.state / "data"
        """The folder of the four files."""
        self.deployment = deployment
        self.ports = {"free": Ports.free, "default": Ports}[ports]() if isinstance(ports, str) else ports
        self.services = [name for name in SERVICES if name in set(services)]
        self.keys = Keys(self.state / "keys")
        self.with_front_door, self.with_demo, self.with_simulator = with_front_door, with_demo, with_simulator
        self._binaries = binaries or paths.binaries()
        self._extra = dict(environment or {})
        self._supervise, self._tell = supervise, tell
        names = [SIMULATOR] * with_simulator + [MAIL_SINK] * with_mail_sink + self.services + [FRONT_DOOR] * with_front_door
        self.processes = {name: ManagedProcess(Command(name, []), self.log_path(name), supervise, tell) for name in names}

    # Addresses and places

    @property
    def base_url(self) -> str:
        """What a browser opens; without a front door, pos-service itself."""
        return self.url(FRONT_DOOR) if self.with_front_door else self.url("pos-service")

    @property
    def simulator_url(self) -> str:
        return self.url(SIMULATOR)

    @property
    def mail_url(self) -> str:
        return self.url(MAIL_SINK)

    def url(self, name: str) -> str:
        """The HTTP address of one process, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports.mail_page if name == MAIL_SINK else self.ports.service(name)}"

    def log_path(self, name: str) -> Path:
        return self.state / "logs" / f"{name}.log"

    def log(self, name: str) -> str:
        """Everything the process has written so far."""
        path = self.log_path(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def database_path(self, service: str) -> Path:
        return self.data / DATABASES[service]

    @property
    def backup_directory(self) -> Path:
        return self.state / "backups"

    @property
    def bus_directory(self) -> Path:
        return self.keys.bus_directory

    @property
    def observer_secret(self) -> Path:
        """Secret key file of the one stranger the bus lets listen: the operator's tool, and tests."""
        return self.keys.bus_secret(OBSERVER)

    # Life

    def prepare(self) -> None:
        """Directories, keys and configuration; nothing is started. Raises if a port is taken."""
        for folder in ("data", "logs", "nginx", "simulator", "mail"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        refuse_taken(self.ports)
        self.keys.prepare(self.ports)
        seed = self.state / "seed.json"
        seed.touch(mode=0o600)
        seed.write_text(json.dumps({"tenants": demo.tenants()}, ensure_ascii=False))
        if self.with_simulator:
            seeding.write_simulator_seed(self.state / "simulator-seed.json")
        for name, process in self.processes.items():
            process.command = self._command(name)

    def start(self, seconds: float = 60) -> "Product":
        """Prepares, starts everything, waits until all are ready, and sets up the demo tenants as an administrator
        would. Raises `LauncherError` with the reason and the log's end, and leaves nothing running."""
        try:
            self.prepare()
            for name in self.processes:
                self.processes[name].start()
            self.wait_ready(seconds=seconds)
            if self.with_demo and self.with_simulator and len(self.services) == len(SERVICES):
                seeding.set_up(self)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, grace: float = 10) -> bool:
        """The front door first, then the services together, then what they talk to. False if one had to be killed."""
        clean = True
        outer = [SIMULATOR, MAIL_SINK]
        for group in ([FRONT_DOOR], self.services, outer):
            members = [self.processes[name] for name in group if name in self.processes]
            for process in members:
                process.begin_stop()
            deadline = time.monotonic() + grace
            for process in members:
                if not process.finish_stop(deadline):
                    clean = False
                    self._tell(f"{process.command.name} did not end within {grace:g} s and was killed")
        return clean

    def __enter__(self) -> "Product":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def kill(self, name: str) -> None:
        """SIGKILL. Returns when the process is gone."""
        self.processes[name].kill()

    def start_service(self, name: str, extra_env: dict[str, str] | None = None) -> None:
        """Starts one process that is down; `extra_env` holds for this start only."""
        self.processes[name].start(extra_env)

    def use_data(self, folder: Path) -> None:
        """From each service's next start on its file is in that folder."""
        self.data = folder
        for name in self.services:
            self.processes[name].command = self._command(name)

    def stop_service(self, name: str, grace: float = 10) -> bool:
        """SIGTERM. False if it had to be killed."""
        return self.processes[name].stop(grace)

    def restart(self, name: str, extra_env: dict[str, str] | None = None, seconds: float = 30) -> None:
        """Ends one process in order, starts it and waits until it is ready."""
        self.stop_service(name)
        self.start_service(name, extra_env)
        self.wait_ready(name, seconds=seconds)

    def wait_dead(self, name: str, seconds: float = 30) -> int:
        """Waits for the process to end by itself (as with CRASH_AT) and returns its code; -9 is SIGKILL."""
        process = self.processes[name]
        wait_until(lambda: process.return_code is not None, seconds, f"{name} to end\n{self._log_end(name)}")
        return process.return_code

    def wait_ready(self, *names: str, seconds: float = 30) -> None:
        """Waits until each named process (all if none is named) answers that it is ready."""
        deadline = time.monotonic() + seconds
        for name in names or self.processes:
            last = ["no answer"]
            try:
                wait_until(lambda: self._ready(name, last), max(deadline - time.monotonic(), 0.05), name)
            except TimeoutError:
                raise LauncherError(f"{name} was not ready within {seconds:g} s ({last[0]}).\n"
                                    f"{self._log_end(name)}") from None

    def _ready(self, name: str, last: list[str]) -> bool:
        process = self.processes[name]
        hopeless = process.starts >= 4 if self._supervise else not process.alive
        if hopeless and not process.alive:
            raise LauncherError(f"{name} was started {process.starts} times and never became ready; it last "
                                f"{describe_exit(process.return_code)}.\n{self._log_end(name)}"
                                if process.starts > 1 else
                                f"{name} {describe_exit(process.return_code)} before it was ready.\n{self._log_end(name)}")
        if not process.alive:
            return False
        path = {SIMULATOR: "/control/settings", MAIL_SINK: "/healthz", FRONT_DOOR: "/front-door/healthz"}.get(name, "/readyz")
        try:
            answer = Client(self.url(name), timeout=5).get(path)
        except OSError as error:
            last[0] = str(error)
            return False
        last[0] = f"{path} answered {answer.status}: {answer.text[:500].strip()}"
        return answer.status == 200

    def _log_end(self, name: str, lines: int = 20) -> str:
        end = self.log(name).splitlines()[-lines:]
        return f"The end of {self.log_path(name)}:\n" + "\n".join("  " + line for line in end or ["(empty)"])

    # What each process is started with

    def _command(self, name: str) -> Command:
        environment = base_environment()
        if name == FRONT_DOOR:
            state = self.state / "nginx"
            words = front_door.command(state, front_door.write_configuration(state, self.ports))
            return Command(name, words, environment, death_signal=signal.SIGTERM)
        if name == SIMULATOR:
            words = [str(paths.PYTHON), "-m", "vipps_simulator", "--port", str(self.ports.simulator),
                     "--seed-file", str(self.state / "simulator-seed.json"), "--state-dir", str(self.state / "simulator")]
            return Command(name, words, environment, directory=paths.TOOLS / "vipps-simulator")
        if name == MAIL_SINK:
            words = [str(paths.PYTHON), str(paths.TOOLS / "mail-sink" / "mail_sink.py"), "--smtp-port",
                     str(self.ports.smtp), "--page-port", str(self.ports.mail_page), "--state-dir", str(self.state / "mail")]
            return Command(name, words, environment)
        return Command(name, [str(self._binaries / name)], {**environment, **self.service_environment(name)})

    def service_environment(self, name: str) -> dict[str, str]:
        """The configuration of one service as environment variables."""
        shared = {
            "DEPLOYMENT": self.deployment, "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.ports.service(name)),
            "DATABASE_PATH": str(self.database_path(name)), "BASE_URL": self.base_url,
            "BACKUP_DIRECTORY": str(self.backup_directory), "BUS_DIRECTORY_FILE": str(self.bus_directory),
            "BUS_SECRET_KEY_FILE": str(self.keys.bus_secret(name)),
            "SESSION_PUBLIC_KEY_FILE": str(self.keys.session_public), "ASSETS_DIRECTORY": str(paths.ASSETS),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "info"), "LOG_FORMAT": os.environ.get("LOG_FORMAT", "lines"),
        }
        own: dict[str, str] = {}
        if name == "pos-service":
            own = {"SESSION_PRIVATE_KEY_FILE": str(self.keys.session_private),
                   "SEALING_CERTIFICATES_FILE": str(self.keys.sealing_certificates)}
            if self.with_demo:
                own["SEED_FILE"] = str(self.state / "seed.json")
        elif name == "vipps-gateway":
            own = {"OPENING_KEYS_FILE": str(self.keys.opening_keys),
                   "WEBHOOK_BASE_URL": self.base_url if self.with_front_door else self.url(name)}
            if self.with_simulator:
                own["VIPPS_BASE_URL"] = self.simulator_url
        elif name == "notification-relay":
            own = {"SMTP_URL": f"smtp://127.0.0.1:{self.ports.smtp}", "MAIL_FROM": "till@example.com"}
        return {**shared, **own, **self._extra}


def base_environment() -> dict[str, str]:
    """What every process gets: enough to run, and nothing that happens to be set in this terminal."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "ASAN_OPTIONS")
            if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
