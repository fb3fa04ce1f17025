"""Tokens, keys and masks."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import uuid
from typing import Any


def guid() -> str:
    return str(uuid.uuid4())


def webhook_secret() -> str:
    """88 characters of base64, as real registrations give."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def customer_token() -> str:
    return base64.b64encode(secrets.token_bytes(48)).decode()


def url_token() -> str:
    return secrets.token_urlsafe(24)


class AccessTokens:
    """JWT-like tokens that carry their own end, so that none has to be remembered."""

    def __init__(self, secret: str):
        self._secret = secret.encode()
        self.generation = 0

    def issue(self, key_set: str, now: float, seconds: float) -> str:
        claims = {
            "aud": "00000002-0000-0000-c000-000000000000", "iss": "vipps-simulator", "iat": int(now), "nbf": int(now),
            "exp": now + seconds, "keys": key_set, "generation": self.generation, "jti": guid(),
            # Real tokens are long; a client must not cut them.
            "padding": secrets.token_hex(340),
        }
        head = _encoded({"typ": "JWT", "alg": "HS256"})
        body = f"{head}.{_encoded(claims)}"
        return f"{body}.{self._signature(body)}"

    def key_set(self, token: str, now: float) -> str | None:
        """The key set the token was issued to; None if it is forged, too old or invalidated."""
        body, _, signature = token.rpartition(".")
        if not body or not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body.split(".")[1] + "=="))
        if claims["generation"] != self.generation or now >= claims["exp"]:
            return None
        return claims["keys"]

    def _signature(self, body: str) -> str:
        digest = hmac.new(self._secret, body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _encoded(thing: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(thing).encode()).decode().rstrip("=")


def masked_phone(phone: str | None) -> str | None:
    """Keeps the country code and the last three digits."""
    if not phone:
        return None
    return phone[:2] + "•" * max(0, len(phone) - 5) + phone[-3:]


_OLD_PERSONAL_QR = re.compile(r"(/28/2/01/031/)(\d+)")


def masked(thing: Any) -> Any:
    """A copy of a request body without phone numbers and personal codes."""
    if isinstance(thing, dict):
        return {name: _masked_field(name, value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [masked(item) for item in thing]
    return thing


def _masked_field(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in ("phoneNumber", "msisdn"):
            return masked_phone(value)
        if name in ("personalQr", "qrCode"):
            return _OLD_PERSONAL_QR.sub(lambda found: found[1] + (masked_phone(found[2]) or ""), value)
    return masked(value)


def guid_from(text: str) -> str:
    """Always the same GUID for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))
