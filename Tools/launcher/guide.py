"""`Tools/guide`: walks the guide in a browser, on a fresh product with demo data, and takes its pictures anew."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import building, paths, setup
from .errors import LauncherError
from .screen import say

PICTURES = paths.REPOSITORY / "docs" / "guide"


def main(arguments: list[str] | None = None) -> int:
    words = argparse.ArgumentParser(prog="Tools/guide", description=(
        "Walks docs/guide.md in Chromium as a person would, set-up and selling, on a fresh product with demo data and "
        "a simulated Vipps, and takes the guide's pictures. Fails if a step does not do what the guide says."))
    words.add_argument("--to", type=Path, default=PICTURES, help="folder of the pictures (docs/guide)")
    words.add_argument("--no-setup", action="store_true", help="take for granted that everything is installed")
    words.add_argument("--no-build", action="store_true", help="use what was built before")
    options = words.parse_args(arguments)
    try:
        if not options.no_setup:
            setup.prepare(for_tests=True)
        if Path(sys.prefix) != paths.PYTHON_ENVIRONMENT:  # Playwright lives there alone.
            passed = [*(sys.argv[1:] if arguments is None else arguments), "--no-setup"]
            os.execv(paths.PYTHON, [str(paths.PYTHON), str(paths.TOOLS / "guide"), *passed])
        if not options.no_build:
            building.build_products()
        building.check_built()
        _walk(options.to)
    except LauncherError as error:
        say(str(error))
        return 1
    return 0


def _walk(folder: Path) -> None:
    from guidebook import selling, setting_up
    from guidebook.camera import Camera
    from .product import Product
    with (tempfile.TemporaryDirectory(prefix="guide-") as state, Product(state) as product,
          Camera(product, folder) as camera):
        for chapter in (setting_up, selling):
            chapter.walk(camera)
        camera.forget_others()
    say(f"{len(camera.taken)} pictures, {sum(camera.taken.values()) // 1000} kB, the largest "
        f"{max(camera.taken.values()) // 1000} kB, in {folder}")
