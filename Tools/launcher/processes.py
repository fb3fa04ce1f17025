"""Child processes that live no longer than the launcher, and their supervision."""

import ctypes
import os
import queue
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Backoff:
    """Pauses between restarts: 0.5 s doubling to 30 s, back to 0.5 s after a quiet minute."""

    first, longest, quiet = 0.5, 30.0, 60.0

    def __init__(self) -> None:
        self._next = self.first

    def pause(self, lived: float) -> float:
        """Seconds to wait before starting again a process that lived `lived` seconds."""
        if lived >= self.quiet:
            self._next = self.first
        pause = self._next
        self._next = min(self._next * 2, self.longest)
        return pause


@dataclass(frozen=True)
class Command:
    """What to start: the words, the whole environment, and how the process wants to be ended."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path | None = None
    death_signal: int = signal.SIGKILL
    """Sent by the kernel when the launcher dies. A process with children of its own needs SIGTERM to end them."""


def spawn(command: Command, log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen:
    """Starts a child that dies with this process. Its output is appended to `log`: a file never blocks it."""
    return _spawner.run(lambda: _spawn(command, log, environment))


def _spawn(command: Command, log: Path, environment: dict[str, str] | None) -> subprocess.Popen:
    parent, death_signal = os.getpid(), command.death_signal
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most_files = 65536 if most == resource.RLIM_INFINITY else min(most, 65536)

    def before_exec() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most))  # thousands of open live-update streams
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # The launcher died between fork and prctl.
            os._exit(1)

    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        return subprocess.Popen(
            command.arguments, env=command.environment if environment is None else environment,
            cwd=command.directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=before_exec, start_new_session=True)


class _Spawner:
    """One thread for all forks. The kernel ties the death signal to the *thread* that forked: a child started by a
    short-lived thread would be killed as soon as that thread ended."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, task: Callable[[], subprocess.Popen]) -> subprocess.Popen:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="spawner", daemon=True)
                self._thread.start()
        answer: queue.SimpleQueue = queue.SimpleQueue()
        self._tasks.put((task, answer))
        value, error = answer.get()
        if error is not None:
            raise error
        return value

    def _work(self) -> None:
        while True:
            task, answer = self._tasks.get()
            try:
                answer.put((task(), None))
            except BaseException as error:  # Handed to the caller, whatever it is.
                answer.put((None, error))


_spawner = _Spawner()


class ManagedProcess:
    """One child: started, watched, started again if supervised, and ended in order."""

    def __init__(self, command: Command, log: Path, supervise: bool, tell: Callable[[str], None]):
        self.command, self.log, self.supervise = command, log, supervise
        self._tell = tell
        self._lock = threading.Lock()
        self._launching = threading.Lock()  # A restart and a stop must not pass each other unseen.
        self._process: subprocess.Popen | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self.starts = 0
        self.state = "stopped"
        self.started_at = 0.0

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def alive(self) -> bool:
        return self.pid is not None

    @property
    def return_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self, extra_environment: dict[str, str] | None = None) -> None:
        """Starts the process. The extra environment holds for this start only, not for restarts after a death."""
        with self._lock:
            if self._watcher and self._watcher.is_alive():
                if self.alive:
                    raise RuntimeError(f"{self.command.name} is running already (pid {self.pid})")
                self._stopping.set()
                self._watcher.join()
            self._stopping = threading.Event()
            self._launch(extra_environment)
            self._watcher = threading.Thread(target=self._watch, args=(self._stopping,), daemon=True,
                                             name=f"watch {self.command.name}")
            self._watcher.start()

    def _launch(self, extra_environment: dict[str, str] | None = None) -> None:
        environment = {**self.command.environment, **(extra_environment or {})}
        self._process = spawn(self.command, self.log, environment)
        self.starts += 1
        self.started_at = time.monotonic()
        self.state = "running"

    def _watch(self, stopping: threading.Event) -> None:
        backoff = Backoff()
        while True:
            code = self._process.wait()
            if stopping.is_set() or not self.supervise:
                self.state = "stopped" if stopping.is_set() else f"ended ({describe_exit(code)})"
                return
            pause = backoff.pause(time.monotonic() - self.started_at)
            self.state = f"waiting to restart ({describe_exit(code)})"
            self._tell(f"{self.command.name} {describe_exit(code)}; starting it again in {pause:g} s (log: {self.log})")
            if stopping.wait(pause):
                self.state = "stopped"
                return
            with self._launching:
                if stopping.is_set():
                    self.state = "stopped"
                    return
                try:
                    self._launch()
                except OSError as error:
                    self.state = f"cannot start ({error.strerror})"
                    self._tell(f"{self.command.name} cannot be started: {error}")
                    return

    def kill(self) -> None:
        """SIGKILL, as a power cut would. A supervised process comes back by itself."""
        self.send(signal.SIGKILL)
        process = self._process
        if process:
            process.wait()

    def send(self, number: int) -> None:
        process = self._process
        if process and process.poll() is None:
            process.send_signal(number)

    def begin_stop(self) -> None:
        """Asks the process to end (SIGTERM) and forbids restarts; `finish_stop` waits."""
        with self._launching:
            self._stopping.set()
            self.send(signal.SIGTERM)

    def finish_stop(self, deadline: float) -> bool:
        """Waits until the monotonic `deadline`, then kills. False if it had to be killed."""
        process, clean = self._process, True
        if process:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                clean = False
                process.kill()
                process.wait()
        if self._watcher:
            self._watcher.join()
        return clean

    def stop(self, grace: float = 10.0) -> bool:
        self.begin_stop()
        return self.finish_stop(time.monotonic() + grace)


def describe_exit(code: int) -> str:
    """`ended with code 3`, `was ended by SIGKILL`."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
