"""The four commands of this folder, each imported only when called."""

import argparse
import os
from pathlib import Path

from . import building, paths
from .errors import LauncherError
from .screen import say


def run() -> int:
    from .run import main
    return main()


def test() -> int:
    from .rings import main
    return main()


def setup() -> int:
    """Installs what is missing; starts nothing."""
    from .setup import prepare
    words = argparse.ArgumentParser(prog="Tools/setup", description="Installs what building and running need: system "
                                    "packages (as root), a Python environment in .run/venv, and htmx, scripts and "
                                    "styles in .run/assets.")
    words.add_argument("--tests", action="store_true", help="also what Tools/test needs: Chromium, Playwright, pytest")
    options = words.parse_args()
    try:
        prepare(for_tests=options.tests)
    except LauncherError as error:
        say(str(error))
        return 1
    say("All there.")
    return 0


def bus() -> int:
    """Becomes the operator's bus tool, with the development keys of `--state-dir` unless others are named."""
    from .keys import Keys, OBSERVER
    words = argparse.ArgumentParser(prog="Tools/bus", add_help=False)
    words.add_argument("--state-dir", default=os.environ.get("STATE_DIR", str(paths.WORKSHOP)))
    options, rest = words.parse_known_args()
    tool = next((folder / "bus-tool" for folder in (paths.binaries(), paths.binaries(release=True))
                 if (folder / "bus-tool").exists()), None)
    try:
        if tool is None:
            building.swift(["build", "--product", "bus-tool"], paths.BUILD_LOG)
            tool = paths.binaries() / "bus-tool"
        keys = Keys(Path(options.state_dir).resolve() / "keys")
        if not keys.bus_directory.exists():
            raise LauncherError(f"There are no keys in {keys.directory}. Start the product once with Tools/run.")
    except LauncherError as error:
        say(str(error))
        return 1
    environment = {"BUS_DIRECTORY_FILE": str(keys.bus_directory), "BUS_SECRET_KEY_FILE": str(keys.bus_secret(OBSERVER)),
                   "DATA_DIRECTORY": str(keys.directory.parent / "data")}
    os.execve(tool, [str(tool), *rest], {**environment, **os.environ})
