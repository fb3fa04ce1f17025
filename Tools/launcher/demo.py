"""The demo tenants: what `demo-data.json` gives to pos-service, and what `demo-setup.json` adds over the HTTP API."""

import json
import subprocess

from . import paths
from .errors import LauncherError


def tenants() -> list[dict]:
    """Organizational units, users with their passwords, products and agent instances of each tenant."""
    return json.loads(paths.DEMO_DATA.read_text())["tenants"]


def setups() -> list[dict]:
    """Vipps agreements, sales units, merchant QRs, profiles and payment options of each tenant."""
    return json.loads(paths.DEMO_SETUP.read_text())["tenants"]


def sign_in(tenant_id: str, user_name: str) -> dict:
    """The words that sign a demo user in."""
    for tenant in tenants():
        for user in tenant["users"]:
            if tenant["id"] == tenant_id and user["userName"] == user_name:
                return {"userName": user_name, "password": user["password"], "tenant": tenant_id}
    raise LauncherError(f"{paths.DEMO_DATA} has no user {user_name} in tenant {tenant_id}.")


def simulator_seed() -> dict:
    """The simulator's own sales units, keys and customers, with the demo tenants' names on their sales units."""
    result = subprocess.run([str(paths.PYTHON), "-m", "vipps_simulator", "--print-seed"], capture_output=True, text=True,
                            cwd=paths.TOOLS / "vipps-simulator")
    if result.returncode != 0:
        raise LauncherError("The simulator cannot print its seed:\n" + result.stderr.strip()[-1000:])
    seed = json.loads(result.stdout)
    names = {unit["msn"]: unit["displayName"] for setup in setups() for unit in setup["salesUnits"]}
    for unit in seed["salesUnits"]:
        unit["name"] = names.get(unit["msn"], unit["name"])
    return seed


def keys(key_set: str) -> dict[str, str]:
    """One of the simulator's key sets, as an administrator types it."""
    for keys in simulator_seed()["keySets"]:
        if keys["id"] == key_set:
            return {"clientID": keys["clientId"], "clientSecret": keys["clientSecret"],
                    "subscriptionKey": keys["subscriptionKeys"][0]}
    raise LauncherError(f"The simulator has no key set {key_set}.")
