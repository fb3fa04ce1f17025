"""Where things are. Everything made on this machine is below `.run/` and `.build/`; git ignores both."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / "Tools"

WORKSHOP = REPOSITORY / ".run"
"""Default state directory; also holds what all deployments of this clone share: the Python environment and assets."""
PYTHON_ENVIRONMENT = WORKSHOP / "venv"
PYTHON = PYTHON_ENVIRONMENT / "bin" / "python"
ASSETS = WORKSHOP / "assets"
BUILD_LOG = WORKSHOP / "logs" / "build.log"

DEMO_DATA = TOOLS / "launcher" / "demo-data.json"
DEMO_SETUP = TOOLS / "launcher" / "demo-setup.json"


def binaries(release: bool = False) -> Path:
    """The folder SwiftPM puts the executables in."""
    return REPOSITORY / ".build" / ("release" if release else "debug")
