"""`Tools/test`: every ring of tests, and one line at the end that counts."""

import argparse
import os
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as xml
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import building, paths, setup
from .errors import LauncherError
from .screen import bold, end_progress, is_terminal, paint, progress, say, table

LOGS = paths.WORKSHOP / "logs" / "test"
SIDE_BY_SIDE = ["--experimental-maximum-parallelization-width", "32"]
"""Swift tests at a time. All at once they hold some 1,400 files open, and Foundation's `Process` then reads beyond the end of
the list of them, which now and then ends the test process."""


@dataclass(frozen=True)
class Ring:
    """One ring: what it proves, how long it may take, and whether it needs the built package."""

    name: str
    proves: str
    minutes: float
    needs_build: bool = True
    folder: str | None = None
    """Set for pytest rings; a missing folder fails the run."""


RINGS = [
    Ring("format", "every Swift file is formatted as .swift-format says", 2, needs_build=False),
    Ring("build", "the package and its tests compile without a warning and import only what they declare", 22),
    Ring("swift", "domain, contracts, adapters, HTTP through the routers, architecture, each service on the bus", 8),
    Ring("simulator", "the Vipps simulator against the documentation's facts", 3, False, "Tests/Simulator"),
    Ring("launcher", "set-up, supervision, front door and mail sink", 4, False, "Tests/Launcher"),
    Ring("system", "all four services and the simulator, killed, cut off and flooded", 13, True, "Tests/System"),
    Ring("drills", "every drill in its short form: nothing lost, doubled or leaked", 15, True, "Tests/Drills"),
    Ring("browser", "Chromium driven through every page", 23, True, "Tests/Browser"),
]


@dataclass
class Outcome:
    """What a ring came to. A step that is no test (format, build) counts only when it fails."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    remark: str = ""

    @property
    def is_good(self) -> bool:
        return self.failed == 0 and self.skipped == 0


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        say(table([(ring.name, ring.folder or "", ring.proves) for ring in RINGS]))
        return 0
    chosen = [ring for ring in RINGS if not options.ring or ring.name in options.ring]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if not options.no_setup:
            setup.prepare(for_tests=True)
        outcomes = run_rings(_with_build(chosen, options.no_build), options.filter)
    except LauncherError as error:
        say(str(error))
        say("0 passed, 1 failed")
        return 1
    except KeyboardInterrupt:
        end_progress()
        say("Interrupted.")
        return 130
    return report(outcomes)


def _parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="Tools/test", description="Sets up what is missing, builds, runs every ring of "
                                    "tests and ends with one line that counts. Fails if anything failed, was skipped, or "
                                    "if a ring ran no test.")
    words.add_argument("--ring", action="append", metavar="NAME", choices=[ring.name for ring in RINGS],
                       help="only this ring (may be repeated); the build is added where the ring needs it")
    words.add_argument("--list", action="store_true", help="name the rings and end")
    words.add_argument("--no-build", action="store_true", help="use what was built before")
    words.add_argument("--no-setup", action="store_true", help="do not look whether the machine has what is needed")
    words.add_argument("--filter", metavar="TEXT", help="only tests of this name (swift test --filter, pytest -k)")
    return words


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _with_build(chosen: list[Ring], no_build: bool) -> list[Ring]:
    """The chosen rings in order, with the build among them when one needs it."""
    wanted = {ring.name for ring in chosen}
    if any(ring.needs_build for ring in chosen) and not no_build:
        wanted.add("build")
    if no_build:
        wanted.discard("build")
    return [ring for ring in RINGS if ring.name in wanted]


def run_rings(rings: list[Ring], test_filter: str | None = None,
              run: Callable[["Ring", str | None], Outcome] | None = None) -> dict[str, Outcome]:
    """Runs the rings in order. After a failed build those that need it are not run and count as failed."""
    outcomes: dict[str, Outcome] = {}
    for ring in rings:
        built = outcomes.get("build", Outcome())
        if ring.name != "build" and ring.needs_build and not built.is_good:
            outcomes[ring.name] = Outcome(failed=1, remark="not run: the build failed")
            continue
        say(bold(f"== {ring.name}: {ring.proves}"))
        started = time.monotonic()
        outcome = (run or run_ring)(ring, test_filter)
        outcome.seconds = time.monotonic() - started
        outcomes[ring.name] = outcome
        say(f"   {describe(outcome)}")
    return outcomes


def run_ring(ring: Ring, test_filter: str | None) -> Outcome:
    LOGS.mkdir(parents=True, exist_ok=True)
    if ring.name == "format":
        return _step(ring, ["swift", "format", "lint", "--strict", "-r", "-p",
                            "Package.swift", "Modules", "Apps", "Tests", "Tools"])
    if ring.name == "build":
        return _step(ring, ["swift", "build", "--build-tests", "--explicit-target-dependency-import-check", "error"])
    if ring.name == "swift":
        return _swift_tests(ring, test_filter)
    return _pytest(ring, test_filter)


def _step(ring: Ring, command: list[str]) -> Outcome:
    code = _run(ring, command)
    return Outcome() if code == 0 else Outcome(failed=1, remark=_ended(ring, code))


def _swift_tests(ring: Ring, test_filter: str | None) -> Outcome:
    results = LOGS / "swift.xml"
    testing = results.with_name("swift-swift-testing.xml")  # SwiftPM's name for the results of Swift Testing
    for file in (results, testing):
        file.unlink(missing_ok=True)
    command = ["swift", "test", "--skip-build", "--disable-xctest", *_side_by_side(), "--xunit-output", str(results)]
    code = _run(ring, command + (["--filter", test_filter] if test_filter else []))
    return judge(count(testing if testing.exists() else results), code, _ended(ring, code))


def _side_by_side() -> list[str]:
    """Nothing where this Swift does not know the option."""
    known = subprocess.run(["swift", "test", "--help-hidden"], capture_output=True, text=True, cwd=paths.REPOSITORY).stdout
    return SIDE_BY_SIDE if SIDE_BY_SIDE[0] in known else []


def _pytest(ring: Ring, test_filter: str | None) -> Outcome:
    folder = paths.REPOSITORY / ring.folder
    if not folder.is_dir():
        return Outcome(failed=1, remark=f"{ring.folder} is missing")
    results = LOGS / f"{ring.name}.xml"
    results.unlink(missing_ok=True)
    command = [str(paths.PYTHON), "-m", "pytest", ring.folder, "-q", "--tb=short", "-p", "no:cacheprovider",
               f"--junitxml={results}"]
    code = _run(ring, command + (["-k", test_filter] if test_filter else []))
    return judge(count(results), code, _ended(ring, code))


def judge(outcome: Outcome, code: int, ended: str) -> Outcome:
    """Holds the counts against the exit code: no tests, or a bad end without a failed test, is a failure too."""
    if outcome.passed + outcome.failed + outcome.skipped == 0:
        return Outcome(failed=1, remark=f"no test ran; {ended}")
    if code != 0 and outcome.is_good:
        return Outcome(outcome.passed, 1, 0, remark=ended)
    return outcome


def count(results: Path) -> Outcome:
    """Counts the test cases of a JUnit file, be it pytest's or SwiftPM's."""
    outcome = Outcome()
    try:
        cases = list(xml.parse(results).iter("testcase"))
    except (OSError, xml.ParseError):
        return outcome
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1
    return outcome


def _run(ring: Ring, command: list[str]) -> int:
    """Runs a command with its output in the ring's log; shows the last line as progress and, on failure, what matters.
    Ends the command and its children when the ring's time is over."""
    log = LOGS / f"{ring.name}.log"
    environment = {**building.environment(), "PYTHONPATH": str(paths.TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    with open(log, "w", encoding="utf-8", errors="replace") as file:
        file.write("$ " + " ".join(command) + "\n")
        file.flush()
        process = subprocess.Popen(command, cwd=paths.REPOSITORY, env=environment, text=True, errors="replace",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        timer = threading.Timer(ring.minutes * 60, _end_session, args=(process, file))
        timer.start()
        shown = time.monotonic()
        try:
            for line in process.stdout:
                file.write(line)
                if is_terminal():
                    progress(f"   {line.strip()}")
                elif time.monotonic() - shown >= 30:
                    shown = time.monotonic()
                    say(f"   ... {line.strip()[:110]}")
            code = process.wait()
        except BaseException:
            _end_session(process, None)
            raise
        finally:
            timer.cancel()
            end_progress()
    if code != 0:
        for line in telling_lines(log.read_text(errors="replace").splitlines()):
            say("   " + line)
    return code


def _end_session(process: subprocess.Popen, log) -> None:
    """SIGTERM to all that the command has started, also in groups of their own, and SIGKILL to what is left ten seconds later."""
    if log is not None:
        log.write("\nThe ring's time is over.\n")
    for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        for pid in session_of(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while session_of(process.pid) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.05)


def session_of(leader: int) -> list[int]:
    """Every process of a session that has not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                found.append(int(stat.parent.name))
    return found


def telling_lines(lines: list[str], limit: int = 60) -> list[str]:
    """What a person needs of a failed log: the lines that name a failure, or the end."""
    marks = ("error:", "✘", "FAILED ", "ERROR ", "E   ", "The ring's time is over", "Fatal error", "Crash")
    telling = list(dict.fromkeys(line for line in lines if any(mark in line for mark in marks)))
    return telling[:limit] if telling else lines[-limit:]


def _ended(ring: Ring, code: int) -> str:
    return f"ended with {code}; see {(LOGS / (ring.name + '.log')).relative_to(paths.REPOSITORY)}"


def describe(outcome: Outcome) -> str:
    text = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped, {outcome.seconds:.0f} s"
    return paint(text, "32" if outcome.is_good else "31") + (f" ({outcome.remark})" if outcome.remark else "")


def report(outcomes: dict[str, Outcome]) -> int:
    """Prints the table and the last line. A skipped test proves nothing and counts as failed."""
    rows = [("ring", "passed", "failed", "skipped", "seconds", "")]
    rows += [(name, str(one.passed), str(one.failed), str(one.skipped), f"{one.seconds:.0f}", one.remark)
             for name, one in outcomes.items()]
    say("\n" + table(rows) + "\n")
    passed = sum(one.passed for one in outcomes.values())
    failed = sum(one.failed + one.skipped for one in outcomes.values())
    say(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1
