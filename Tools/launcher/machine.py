"""What the machine must have, how to see that it has it, and how to install what is missing."""

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from .errors import LauncherError
from .screen import say


@dataclass(frozen=True)
class Need:
    """One thing from the system: the Debian package that brings it and a look whether it is there."""

    package: str
    why: str
    present: Callable[[], bool]


def _header(name: str) -> Callable[[], bool]:
    return lambda: any(glob.glob(pattern + name) for pattern in
                       ("/usr/include/", "/usr/include/*-linux-gnu/", "/usr/local/include/"))


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(find_program(name) for name in names)


def _python_can_make_environments() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def find_program(name: str) -> str | None:
    """A program in PATH or in the administrator's folders, which are often not in a user's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")


TO_RUN = [
    Need("libsqlite3-dev", "the database", _header("sqlite3.h")),
    Need("libssl-dev", "cryptography", _header("openssl/ssl.h")),
    Need("libzmq3-dev", "the message bus", _header("zmq.h")),
    Need("libcurl4-openssl-dev", "sending mail", _header("curl/curl.h")),
    Need("zlib1g-dev", "compression over HTTP", _header("zlib.h")),
    Need("libqrencode-dev", "drawing QR codes", _header("qrencode.h")),
    Need("nginx-light", "the front door", _program("nginx")),
    Need("esbuild", "making scripts and stylesheets small", _program("esbuild")),
    Need("openssl", "making keys", _program("openssl")),
    Need("python3-venv", "the Python environment", _python_can_make_environments),
]
TO_TEST = [
    Need("qrencode", "comparing drawn QR codes in tests", _program("qrencode")),
    Need("chromium", "the browser tests", _program("chromium", "chromium-browser", "google-chrome")),
    Need("zbar-tools", "reading QR images in tests", _program("zbarimg")),
]


def check_toolchain() -> None:
    """Swift and git cannot be installed here; says so early and clearly."""
    for name, hint in (("swift", "Install Swift 6.2 or newer from https://www.swift.org/install/"), ("git", "Install git")):
        if not shutil.which(name):
            raise LauncherError(f"{name} is not in PATH. {hint} and start again.")


def install_missing(needs: list[Need]) -> list[str]:
    """Installs what is missing with apt-get when allowed to; otherwise raises with the exact command to type."""
    missing = [need for need in needs if not need.present()]
    if not missing:
        return []
    packages = [need.package for need in missing]
    say("Missing on this machine: " + ", ".join(f"{need.package} ({need.why})" for need in missing))
    if not shutil.which("apt-get"):
        raise LauncherError("There is no apt-get here. Install the equivalents of these Debian packages and start again: "
                            + " ".join(packages))
    if os.geteuid() != 0:
        raise LauncherError("Installing needs root. Type this and start again:\n  sudo apt-get update && "
                            "sudo apt-get install -y --no-install-recommends " + " ".join(packages))
    say("Installing with apt-get ...")
    _apt(["update"])
    _apt(["install", "-y", "--no-install-recommends", *packages])
    still = [need.package for need in missing if not need.present()]
    if still:
        raise LauncherError(f"apt-get installed {' '.join(still)}, but what they bring is still not to be found."
                            + (f" Is {sys.executable} another Python than Debian's? Start with /usr/bin/python3 Tools/run."
                               if "python3-venv" in still else ""))
    return packages


def _apt(arguments: list[str]) -> None:
    result = subprocess.run(["apt-get", "-q", *arguments], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if result.returncode != 0:
        lines = (result.stdout + result.stderr).strip().splitlines()[-15:]
        raise LauncherError(f"apt-get {' '.join(arguments)} failed:\n  " + "\n  ".join(lines))
