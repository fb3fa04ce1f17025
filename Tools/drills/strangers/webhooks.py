"""Webhooks that Vipps did not sign, or signed for somebody or something else, and true ones sent again."""

import base64
import hashlib
import hmac
import json
import random
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler

from launcher.product import Product

from ..shop import rows
from ..till import KARI, Vipps
from .bodies import spoiled, spoiled_bytes
from .doors import Told, ask
from .people import till_of
from .servers import Standing
from .watch import PHONE, Watch

METTE = "4520123456"


@dataclass(frozen=True)
class Post:
    """One webhook as it came."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def having(self, **headers: str | None) -> "Post":
        """With these headers instead (`_` stands for a hyphen); `None` takes one away."""
        wanted = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if "authorization" in wanted:
            wanted.setdefault("x-vipps-authorization", None)  # Where Vipps says it once more.
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in wanted)
        return replace(self, headers=kept + tuple((name, value) for name, value in wanted.items() if value is not None))


class Letterbox:
    """Stands where Vipps sends its webhooks to, keeps a copy of each, and hands it on to the gateway unchanged."""

    def __init__(self) -> None:
        self.kept: list[Post] = []
        self.gateway = ""
        box = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = [(name, value) for name, value in self.headers.items()
                           if name.lower() not in ("connection", "content-length", "transfer-encoding")]
                post = Post(self.path, tuple(headers), body)
                box.kept.append(post)
                try:
                    told = ask(box.gateway, "POST", post.path, list(post.headers), body)
                except OSError:
                    told = Told(502, {}, b"")
                self.send_response(told.status or 502)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = Standing(Handler)

    @property
    def url(self) -> str:
        return self._server.url

    def close(self) -> None:
        self._server.close()


def attack(product: Product, box: Letterbox, watch: Watch, chance: random.Random, fuzz: int) -> int:
    """Needs true webhooks of both tenants in the box. The answer is the number of requests."""
    mine, theirs = _true_ones(product, box)
    gateway, sent = product.url("vipps-gateway"), 0

    def send(what: str, post: Post, *wanted: int) -> None:
        nonlocal sent
        sent += 1
        told = ask(gateway, "POST", post.path, list(post.headers), post.body)
        watch.answer(what, None, told)
        if told.status not in wanted:
            watch.violation(f"{what}: answered {told.status} instead of {wanted}")

    before = _kept(product)
    for name, post in forged(theirs, mine, chance).items():
        send(f"a webhook {name}", post, 401)
    for _ in range(fuzz):
        spoilt = spoiled_bytes(spoiled(json.loads(theirs.body), chance), chance)
        send("a webhook with a spoiled body", replace(theirs, body=spoilt), 401, 413)
        send("a webhook with a spoiled body and its own hash",
             replace(theirs, body=spoilt).having(x_ms_content_sha256=content_hash(spoilt)), 401, 413)
    send("an endless webhook", replace(theirs, body=b"{" + b" " * 300_000 + b"}"), 401, 413)
    if (after := _kept(product)) != before:
        watch.violation(f"forged webhooks left something behind: {before} webhooks, and {after} after them")
    for _ in range(20):
        for post in (theirs, mine):
            send("a true webhook sent again", post, 200)
    if (after := _kept(product)) != before:
        watch.violation(f"webhooks sent again left something behind: {before} webhooks, and {after} after them")
    return sent


def _true_ones(product: Product, box: Letterbox) -> tuple[Post, Post]:
    """A webhook of each tenant as Vipps sent it, the stranger's first; both have been taken."""
    vipps = Vipps(product)
    posts = []
    for index, phone in ((1, METTE), (0, KARI)):
        till = till_of(product, index)
        sale = till.sale("2001" if index else "1001")
        payment = sale.pay(phone=phone)
        vipps.wait_asked(payment["reference"], msn=payment["msn"])
        vipps.http.post(f"/control/customers/{phone}/approve", {"reference": payment["reference"]})
        sale.wait_state("completed")
        vipps.post("/settle", {"timeoutSeconds": 20})
        posts.append(next(post for post in reversed(box.kept) if payment["reference"].encode() in post.body))
    return posts[0], posts[1]


def _kept(product: Product) -> int:
    query = "SELECT (SELECT count(*) FROM webhook_inbox) + (SELECT count(*) FROM check_in)"
    return rows(product, "vipps-gateway", query)[0][0]


def content_hash(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def signed(post: Post, secret: bytes, **parts: str) -> Post:
    """Signed anew as Vipps signs, with any secret, of this date, host and path."""
    date = parts.get("date") or post.header("X-Ms-Date")
    host, path = parts.get("host") or post.header("Host"), parts.get("path") or post.path
    digest = content_hash(post.body)
    text = f"POST\n{path}\n{date};{host};{digest}"
    mark = base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()
    return post.having(x_ms_date=date, x_ms_content_sha256=digest, authorization=AUTHORIZATION + mark)


AUTHORIZATION = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="


def forged(true: Post, other: Post, chance: random.Random) -> dict[str, Post]:
    """Everything a stranger may try who has seen one true webhook of a tenant, and owns another tenant."""
    body = json.loads(true.body)
    richer = json.dumps({**body, "amount": {"currency": "NOK", "value": 1}, "name": "REFUNDED"}).encode()
    refused = json.dumps({**body, "name": "TERMINATED", "pspReference": str(chance.random())}).encode()
    token = true.path.rsplit("/", 1)[-1]
    mark = true.header("Authorization")
    found = {
        "without any header": replace(true, headers=(("Content-Type", "application/json"),)),
        "without a signature": true.having(authorization=None),
        "with an empty signature": true.having(authorization=""),
        "with a signature of nothing": true.having(authorization=AUTHORIZATION),
        "with the word of another scheme": true.having(authorization="Bearer " + mark),
        "with a signature in other letters": true.having(authorization=mark.swapcase()),
        "with a signature cut short": true.having(authorization=mark[:-4]),
        "with a signature and something behind it": true.having(authorization=mark + "="),
        "with another's signature": true.having(authorization=other.header("Authorization")),
        "with another body": replace(true, body=richer),
        "with another body and its hash": replace(true, body=richer).having(x_ms_content_sha256=content_hash(richer)),
        "with an empty body": replace(true, body=b""),
        "with a body of blanks more": replace(true, body=true.body + b" "),
        "with another date": true.having(x_ms_date="Mon, 23 Nov 2026 09:15:02 GMT"),
        "without a date": true.having(x_ms_date=None),
        "without a hash": true.having(x_ms_content_sha256=None),
        "with a hash of something else": true.having(x_ms_content_sha256=content_hash(b"")),
        "at an address nobody has": replace(true, path="/vipps/webhooks/" + "a" * len(token)),
        "at an address with a percent sign": replace(true, path=true.path + "%00"),
        "at another tenant's address": replace(true, path=other.path),
        "of another tenant at this one's address": replace(other, path=true.path),
        "of another registration": true.having(webhook_id="00000000-0000-4000-8000-000000000000"),
        "with a phone number in it": replace(true, body=json.dumps({**body, "phoneNumber": PHONE}).encode()),
    }
    for name, secret in {"an empty secret": b"", "the address's token": token.encode(), "the word secret": b"secret",
                         "a guess": str(chance.random()).encode()}.items():
        found[f"signed with {name}"] = signed(replace(true, body=refused), secret)
    found["of a foreign host"] = signed(true, b"guess", host="evil.example")
    return found
