"""Small libraries that are preloaded into the services, to give them a bad disk or a wrong clock."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from launcher import paths
from launcher.errors import LauncherError


def library(source: Path) -> Path:
    """Compiles a C file once, with the C compiler that Swift brings or any other."""
    content = source.read_bytes()
    made = paths.WORKSHOP / "drills" / f"{source.stem}-{hashlib.sha256(content).hexdigest()[:12]}.so"
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    new = made.with_suffix(f".{os.getpid()}")
    problems = []
    for compiler in _compilers():
        words = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(new), str(source)]
        result = subprocess.run(words, capture_output=True, text=True)
        if result.returncode == 0:
            new.replace(made)
            return made
        problems.append(f"{compiler}: {result.stderr.strip()[-1000:]}")
    raise LauncherError(f"The drill's {source.name} cannot be compiled.\n"
                        + "\n".join(problems or ["There is no C compiler."]))


def _compilers() -> list[str]:
    swift = shutil.which("swift")
    beside = [str(Path(os.path.realpath(swift)).with_name("clang"))] if swift else []
    return [name for name in [*beside, shutil.which("clang"), shutil.which("cc")] if name and Path(name).exists()]
