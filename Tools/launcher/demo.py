"""The demo tenants: what `demo-data.json` gives to pos-service, and what `demo-setup.json` adds over the HTTP API."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from . import paths
from .errors import LauncherError

_others = 0


@contextmanager
def crowd(others: int) -> Iterator[None]:
    """For as long as the block there are that many more tenants behind the usual ones: copies of the first, with one
    shop, one sales unit (MSN 700001 and on) and keys of their own each."""
    global _others
    before, _others = _others, others
    try:
        yield
    finally:
        _others = before


def tenants() -> list[dict]:
    """Organizational units, users with their passwords, products and agent instances of each tenant."""
    usual = json.loads(paths.DEMO_DATA.read_text())["tenants"]
    return usual + [_copy(usual[0], number) | {"name": f"Shop {number}"} for number in range(1, _others + 1)]


def setups() -> list[dict]:
    """Vipps agreements, sales units, merchant QRs, profiles and payment options of each tenant."""
    usual = json.loads(paths.DEMO_SETUP.read_text())["tenants"]
    return usual + [_one_shop(_copy(usual[0], number), number) for number in range(1, _others + 1)]


def _copy(tenant: dict, number: int) -> dict:
    """The same with identifiers of its own."""
    own = tenant.get("tenantID", tenant.get("id"))[:8]
    return json.loads(json.dumps(tenant).replace(f'"{own}-', f'"{int(own, 16) + number:08x}-'))


def _one_shop(setup: dict, number: int) -> dict:
    agreement = setup["agreements"][0] | {"simulatorKeySet": f"shop-{number}"}
    unit = setup["salesUnits"][0] | {"msn": str(700_000 + number), "displayName": f"Shop {number}"}
    return setup | {
        "agreements": [agreement], "salesUnits": [unit],
        "merchantQRs": [code for code in setup["merchantQRs"] if code["salesUnitID"] == unit["id"]],
        "profiles": [profile for profile in setup["profiles"] if profile["salesUnitID"] == unit["id"]],
    }


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
    for number in range(1, _others + 1):
        seed["salesUnits"].append({"msn": str(700_000 + number), "name": "", "market": "NO", "currency": "NOK"})
        seed["keySets"].append({
            "id": f"shop-{number}", "clientId": f"5f9c1d52-6a0e-4c3b-9d51-{number:012x}",
            "clientSecret": f"c2VjcmV0LW9mLXNob3At{number:04d}", "subscriptionKeys": [f"{number:032x}"],
            "msns": [str(700_000 + number)]})
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
