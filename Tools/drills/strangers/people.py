"""Who knocks: people of both tenants, and sessions that are forged, spoiled, old or ended."""

import base64
import json
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from launcher import demo
from launcher.keys import openssl
from launcher.machine import find_program
from launcher.product import Product
from launcher.web import Client

from ..till import Till, checked, tenant

VICTIM, STRANGER = 0, 1
"""Indices of the demo tenants: whose data must not leave, and who tries."""


@dataclass(frozen=True)
class Guise:
    """A cookie and a token, and what they are called in a report."""

    name: str
    cookie: str | None = None
    csrf: str | None = None
    roles: frozenset[str] = frozenset()
    """What a valid session may do."""

    def headers(self, changes: bool) -> list[tuple[str, str]]:
        headers = [("Accept", "application/json")]
        if self.cookie is not None:
            headers.append(("Cookie", f"session={self.cookie}"))
        if changes and self.csrf is not None:
            headers.append(("X-CSRF-Token", self.csrf))
        return headers


def signed_in(product: Product, user_name: str, tenant_index: int, password: str | None = None) -> Guise:
    client = Client(product.url("pos-service"))
    words = (demo.sign_in(tenant(tenant_index)["id"], user_name) if password is None else
             {"userName": user_name, "password": password, "tenant": tenant(tenant_index)["id"]})
    session = checked(client.post("/pos/api/session", words)).json()
    return Guise(user_name, client.session, client.claims()["csrf"], frozenset(session["user"]["roles"]))


def till_of(product: Product, index: int) -> Till:
    """A till of the tenant with the payment options of the demo, whatever others have been made since."""
    till = Till(product, 0, tenant_index=index)
    till.vipps, till.cash = (option["commandID"] for option in demo.setups()[index]["paymentOptions"])
    return till


def claims_of(cookie: str) -> dict:
    payload = cookie.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def cookie_of(claims: dict, private_key: str) -> str:
    """A cookie as pos-service makes it, signed with any Ed25519 key."""
    content = json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with tempfile.TemporaryDirectory() as folder:
        key, text = Path(folder) / "key.pem", Path(folder) / "claims"
        key.write_text(private_key)
        text.write_bytes(content)
        signature = subprocess.run([find_program("openssl") or "openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
                                    str(key), "-in", str(text)], capture_output=True, check=True).stdout
    return _base64url(content) + "." + _base64url(signature)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def impostors(product: Product, honest: Guise) -> list[Guise]:
    """Cookies that are not a session of anybody, made from one that is."""
    claims, signature = claims_of(honest.cookie), honest.cookie.split(".")[1]
    everything = {**claims, "roles": ["administrator", "cashier", "operator"], "tenantID": tenant(VICTIM)["id"]}
    content = _base64url(json.dumps(everything).encode())
    other_key = openssl(["genpkey", "-algorithm", "ED25519"])
    cookies = {
        "nobody": None,
        "an empty cookie": "",
        "garbage for a cookie": "%00'\"<>;\\",
        "claims without a signature": content,
        "claims with an empty signature": content + ".",
        "claims with another's signature": content + "." + signature,
        "claims signed with another key": cookie_of(everything, other_key),
        "a signature cut short": honest.cookie[:-6],
        "a cookie within a cookie": honest.cookie + "." + signature,
        "an endless cookie": "A" * 6000 + "." + signature,
    }
    return [Guise(name, cookie, claims["csrf"]) for name, cookie in cookies.items()]


def expired(product: Product, honest: Guise) -> Guise:
    """Rightly signed, and over for an hour."""
    ended = datetime.now(timezone.utc) - timedelta(hours=1)
    claims = {**claims_of(honest.cookie), "expiresAt": ended.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    return Guise("an expired session", cookie_of(claims, product.keys.session_private.read_text()), claims["csrf"])
