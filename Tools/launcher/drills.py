"""`Tools/drill`: one drill by name. Each shows, with its figures, that nothing is lost, doubled or leaked."""

import os
import sys
from collections.abc import Callable

from . import building, paths
from .errors import LauncherError
from .screen import say, table


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


DRILLS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "simulation": ("the cores of all four services in one process; clock, network, disk and people by a seed", simulation),
}


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in DRILLS:
        say("Tools/drill <drill> [options]; each drill takes --help.\n")
        say(table([(name, what) for name, (what, _) in DRILLS.items()]))
        return 0 if words in ([], ["--help"], ["-h"]) else 2
    paths.BUILD_LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        return DRILLS[words[0]][1](words[1:])
    except LauncherError as error:
        say(str(error))
        return 1
