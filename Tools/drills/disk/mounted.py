"""A small file system of its own, for a product's data: where it can be mounted, a full disk is a real one."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path


class SmallFileSystem:
    """In memory, with so much space that the product works, and a file that takes up what is left when asked to."""

    def __init__(self, folder: Path):
        self._ballast = folder / "ballast"
        self._folder = folder

    def fill(self, left: int) -> None:
        """Leaves so many bytes."""
        status = os.statvfs(self._folder)
        with open(self._ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - left))

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_file_system(folder: Path, megabytes: int = 128):
    """The file system, mounted on `folder`; None where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)
