"""`Tools/drill`: one drill by name. Each shows, with its figures, that nothing is lost, doubled or leaked."""

import argparse
import importlib
import os
import random
import sys
import time
from pathlib import Path

from . import building, paths, setup
from .errors import LauncherError
from .screen import say, table

DRILLS = ["kill-storm", "cut-network", "vipps-at-worst", "flood", "clock", "strangers", "lost-writes", "failing-disk",
          "backup"]
"""Those on real processes, each a module of `Tools/drills` with `WHAT`, `add_options` and `run`."""
SIMULATION = "the cores of all four services in one process; clock, network, disk and people by a seed"


def simulation(arguments: list[str]) -> int:
    """Becomes the simulation, built with optimisation unless `--debug` is asked for."""
    release = "--debug" not in arguments
    program = paths.binaries(release) / "drill"
    if "--no-build" not in arguments:
        say(f"Building the drill ({'release; the first time takes several minutes' if release else 'debug'}).")
        building.swift(["build", *(["-c", "release"] if release else []), "--product", "drill"], paths.BUILD_LOG)
    if not program.exists():
        raise LauncherError(f"Not built yet: {program}. Start without --no-build.")
    rest = [word for word in arguments if word not in ("--debug", "--no-build")]
    sys.stdout.flush()
    os.execv(program, [str(program), "simulation", *rest])


def drill(name: str, arguments: list[str]) -> int:
    """Runs one drill on real processes (a debug build, for its named moments) and prints its figures."""
    from drills.figures import report
    options = options_of(name).parse_args(arguments)
    if not options.no_build:
        building.build_products()
    building.check_built()
    figures = measured(name, options)
    report(figures)
    return 0 if figures.is_good else 1


def options_of(name: str) -> argparse.ArgumentParser:
    module = module_of(name)
    words = argparse.ArgumentParser(prog=f"Tools/drill {name}", description=module.__doc__)
    words.add_argument("--seed", type=int, default=None, help="what all chance comes from (one by chance)")
    words.add_argument("--no-build", action="store_true", help="use what was built before")
    words.add_argument("--keep", action="store_true", help="keep logs and files where something was violated")
    module.add_options(words)
    return words


def sabotages(arguments: list[str]) -> int:
    from drills.sabotages import main as run
    return run(arguments)


def measured(name: str, options: argparse.Namespace):
    """Runs the drill; the answer is its figures, with what went wrong in `violations`."""
    from drills.figures import Figures
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    figures = Figures(name, seed, keep=options.keep)
    started = time.monotonic()
    try:
        module_of(name).run(options, figures)
    except (AssertionError, LauncherError, OSError, TimeoutError) as error:
        figures.violation(f"the drill could not go on: {type(error).__name__}: {error}")
    figures.seconds = time.monotonic() - started
    return figures


def module_of(name: str):
    return importlib.import_module("drills." + name.replace("-", "_"))


def main(arguments: list[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in ["simulation", *DRILLS, "sabotages"]:
        say("Tools/drill <drill> [options]; each drill takes --help. What is missing is installed first, unless "
            "--no-setup says that everything is there.\n")
        say(table([("simulation", SIMULATION), *((name, module_of(name).WHAT) for name in [*DRILLS, "sabotages"])]))
        return 0 if words in ([], ["--help"], ["-h"]) else 2
    paths.BUILD_LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        if "--no-setup" in words:
            words.remove("--no-setup")
        else:
            setup.prepare(for_tests=True)
            if Path(sys.prefix) != paths.PYTHON_ENVIRONMENT:  # What the drills need lives there alone.
                sys.stdout.flush()
                os.execv(paths.PYTHON, [str(paths.PYTHON), str(paths.TOOLS / "drill"), *words, "--no-setup"])
        match words:
            case ["simulation", *rest]: return simulation(rest)
            case ["sabotages", *rest]: return sabotages(rest)
            case [name, *rest]: return drill(name, rest)
    except LauncherError as error:
        say(str(error))
        return 1
