"""Writes nginx's configuration for development from the shipped files in `Tools/front-door/`."""

import os
import shutil
from pathlib import Path

from . import paths
from .errors import LauncherError
from .machine import find_program
from .ports import Ports

SHIPPED = paths.TOOLS / "front-door"


def write_configuration(state: Path, ports: Ports) -> Path:
    """Fills in the shipped files below `state` and returns the main one."""
    state.mkdir(parents=True, exist_ok=True)
    pages = state / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(SHIPPED / "pages", pages)
    values = {
        "STATE": str(state),
        "PAGES": str(pages),
        "FRONT_DOOR": str(ports.front_door),
        "POS_SERVICE": str(ports.pos_service),
        "VIPPS_GATEWAY": str(ports.vipps_gateway),
        "FINANCIAL_SERVICE": str(ports.financial_service),
        "NOTIFICATION_RELAY": str(ports.notification_relay),
        # Started by root (a container), nginx would hand its workers to a user who cannot read the state directory.
        "USER": "user root;" if os.geteuid() == 0 else "",
    }
    for name in ("services.conf", "routes.conf", "development.conf"):
        text = (SHIPPED / name).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        (state / name).write_text(text)
    return state / "development.conf"


def command(state: Path, configuration: Path) -> list[str]:
    """nginx in the foreground with its own prefix; it touches nothing outside the state directory."""
    nginx = find_program("nginx")
    if not nginx:
        raise LauncherError("nginx is missing. Run Tools/setup.")
    return [nginx, "-p", str(state), "-e", "stderr", "-c", str(configuration)]
