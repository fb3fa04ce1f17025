"""How a webhook delivery is signed."""

import base64
import hashlib
import hmac


def content_hash(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def signature(secret: str, path_and_query: str, date: str, host: str, body: bytes) -> str:
    """The key is the secret's text itself; it is never decoded."""
    text = f"POST\n{path_and_query}\n{date};{host};{content_hash(body)}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def authorization(secret: str, path_and_query: str, date: str, host: str, body: bytes) -> str:
    signed = signature(secret, path_and_query, date, host, body)
    return f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signed}"
