"""What browsers load: htmx, fetched by checksum and never committed, and our own files made small by esbuild."""

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from . import paths, python_environment
from .errors import LauncherError
from .screen import say

REQUIREMENTS = paths.TOOLS / "requirements-assets.txt"
FILES = {
    "htmx.min.js": "django_htmx/static/django_htmx/htmx-2.min.js",
}
OURS = ("app.css", "bare.css", "app.js", "operations.js")
RESOURCES = paths.REPOSITORY / "Modules" / "WebUI" / "Resources"


def prepare() -> None:
    """Puts all of them into `.run/assets`, from where the services serve them."""
    _fetch()
    minify()


def minify() -> None:
    """Writes our files anew without comments, spaces and long local names. Takes a moment, so nothing old is ever left."""
    paths.ASSETS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.ASSETS.parent) as folder:
        for name in OURS:
            text = (RESOURCES / name).read_text()
            Path(folder, name).write_text(with_lengths(text) if name.endswith(".css") else text)
        made = Path(folder, "made")
        words = ["esbuild", "--minify", "--log-level=warning", f"--outdir={made}",
                 *(str(Path(folder, name)) for name in OURS)]
        result = subprocess.run(words, capture_output=True, text=True)
        if result.returncode != 0:
            raise LauncherError(f"esbuild could not read a stylesheet or script of ours:\n{result.stderr}")
        for name in OURS:
            os.replace(made / name, paths.ASSETS / name)  # Whole or not at all: a service may be reading it.


def with_lengths(style: str) -> str:
    """The tokens that no theme and no rule changes, which are the lengths, in place of their names: a ninth of it."""
    tokens = re.findall(r"(--[a-z0-9-]+):\s*([^;}]+)", (RESOURCES / "app.css").read_text())
    names = Counter(name for name, _ in tokens)
    for name, value in tokens:
        if names[name] == 1 and re.fullmatch(r"[0-9.]+rem", value):
            style = style.replace(f"{name}: {value};", "").replace(f"var({name})", value)
    return style


def _fetch() -> None:
    """Once per pinned version. pip refuses a package with another checksum."""
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
