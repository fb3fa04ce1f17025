"""Malformed and oversized requests at every door: bodies, forms, addresses, headers, and what is no HTTP at all."""

import random
from urllib.parse import quote, urlencode

from launcher.product import Product

from .belongings import Belongings
from .bodies import filled_form, odd_text, spoiled, spoiled_bytes, whole_body
from .doors import Door, Told, ask, new_id, send_raw
from .people import STRANGER, Guise, signed_in
from .tenants import FORM, JSON
from .watch import Watch

BODY_MAX = 65_536


def attack(product: Product, doors: list[Door], watch: Watch, chance: random.Random, count: int) -> int:
    """`count` requests by chance, after one oversized one at every door that takes a body."""
    fuzzer = _Fuzzer(product, doors, watch, chance)
    return fuzzer.oversized() + fuzzer.random_ones(count)


class _Fuzzer:
    def __init__(self, product: Product, doors: list[Door], watch: Watch, chance: random.Random):
        self._product, self._watch, self._chance = product, watch, chance
        self._doors = [door for door in doors if not door.path.endswith("sign-out")
                       and door.name != "DELETE /pos/api/session" and not door.path.startswith("/vipps/webhooks")]
        self._people = [signed_in(product, name, STRANGER) for name in ("mette", "anders", "anders")]
        self._nobody = Guise("nobody")
        self._belongings = Belongings(product)

    def oversized(self) -> int:
        doors = [door for door in self._doors if door.changes and (door.schema or door.is_page)]
        for door in doors:
            for size in (BODY_MAX + 1, 1_000_000):
                kind = FORM if door.is_page else JSON
                body = b"name=" + b"x" * size if door.is_page else b'{"name":"' + b"x" * size + b'"}'
                told = ask(self._product.url(door.service), door.method, door.filled(),
                           [*self._people[1].headers(True), kind], body)
                self._watch.answer(f"{size} bytes at {door.name}", door, told)
                if told.status < 400:
                    self._watch.violation(f"{size} bytes at {door.name}: taken with {told.status}")
        return 2 * len(doors)

    def random_ones(self, count: int) -> int:
        kinds = {self._with_odd_body: 8, self._with_odd_form: 5, self._at_odd_address: 4, self._with_odd_headers: 3,
                 self._no_http: 2}
        for number, act in enumerate(self._chance.choices(list(kinds), list(kinds.values()), k=count)):
            if number % 40 == 39:
                self._belongings.new_sale()  # The one before may have been abandoned meanwhile.
            act()
        return count

    # Kinds

    def _with_odd_body(self) -> None:
        door = self._chance.choice([door for door in self._doors if door.schema])
        body = spoiled_bytes(spoiled(whole_body(door.schema, self._chance), self._chance), self._chance)
        kind = self._chance.choices([JSON, ("Content-Type", self._chance.choice(
            ["text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x", "",
             "application/json;"])), None], (10, 2, 1))[0]
        self._send(door, self._address(door), [kind] if kind else [], body, "an odd body")

    def _with_odd_form(self) -> None:
        door = self._chance.choice([door for door in self._doors if door.is_page and door.changes])
        form = filled_form(self._chance)
        for name in self._chance.sample(list(form), self._chance.choice([1, 1, 2, 4])):
            form[name] = odd_text(self._chance)
        body = urlencode(form, errors="surrogatepass").encode()
        body = self._chance.choices([body, body.replace(b"=", b"=%", 3), body * 20, b"&" * 5_000, b"a=%zz&" + body,
                                     spoiled_bytes(form, self._chance)], (12, 1, 1, 1, 1, 1))[0]
        self._send(door, self._address(door), [FORM], body, "an odd form")

    def _at_odd_address(self) -> None:
        door = self._chance.choice(self._doors)
        path = door.filled({name: odd_text(self._chance).encode("utf-8", "replace").decode()
                            for name in door.parameters})
        if self._chance.random() < 0.3:
            position = self._chance.randint(1, len(path))
            odd = self._chance.choice(["%00", "%2e%2e/", "..%2f", "//", "%", "%zz", ";x=y", "%c0%af", "%F0%9F%98%80",
                                       "?", "#", "\\"])
            path = path[:position] + odd + path[position:]
        names = [*door.query, *door.fields, "limit", "cursor", "key"]
        query = {self._chance.choice(names): odd_text(self._chance) for _ in range(self._chance.randint(0, 3))}
        if query:
            path += "?" + urlencode(query, errors="surrogatepass")
        body = b"" if door.changes else None
        self._send(door, path, [], body, "an odd address")

    def _with_odd_headers(self) -> None:
        door = self._chance.choice(self._doors)
        value = "".join(character for character in odd_text(self._chance) if character not in "\r\n\0\ud800")
        odd = self._chance.choice([
            ("Cookie", f"session={quote(value)}; language={quote(value)}; theme={quote(value)}"),
            ("Accept-Language", value), ("traceparent", value),
            ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-00"), ("X-Forwarded-For", value),
            ("X-Forwarded-Host", value), ("X-Forwarded-Proto", value), ("Last-Event-ID", value), ("HX-Target", value),
            ("HX-Current-URL", value), ("Accept", value), ("Accept-Encoding", value), ("Content-Encoding", "gzip"),
            ("Range", "bytes=0-1,2-99999999999999"), ("If-None-Match", value), ("Expect", "100-continue"),
            ("Upgrade", "h2c"), ("X-HTTP-Method-Override", "DELETE"), ("Host", quote(value) or "x"), ("Origin", value),
            ("Content-Type", value), ("X-CSRF-Token", value), ("Referer", value), ("Cookie", "session=a; " * 200),
        ])
        many = [("X-Filler", "y" * 200)] * self._chance.choice([0, 0, 0, 50])
        self._send(door, self._address(door), [odd, *many], b"{}" if door.changes else None, f"an odd header {odd[0]}")

    def _no_http(self) -> None:
        """Nothing is promised here but that the house stands and tells nothing."""
        host = b"Host: 127.0.0.1\r\n"
        content = self._chance.choice([
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(self._chance.choices(range(256), k=200)),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"GET /healthz\r\n\r\n", b"\r\n" * 200, b"\0" * 500,
            b"GET " + b"/x" * 40_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
            b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + host + b"".join(b"X-%d: y\r\n" % number for number in range(3_000)) + b"\r\n",
            b"GET / HTTP/9.9\r\n" + host + b"\r\n", b"BREW /pos/app HTTP/1.1\r\n" + host + b"\r\n",
            b"GET http://evil.example/pos/app HTTP/1.1\r\n" + host + b"\r\n", b"GET * HTTP/1.1\r\n" + host + b"\r\n",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n{}{}{",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n{}",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999\r\n\r\n{}",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Content-Length: 200\r\n\r\n{\"userName\":",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
            b"0\r\n\r\nGET /pos/operator/bus HTTP/1.1\r\n" + host + b"\r\n",
            b"POST /pos/api/session HTTP/1.1\r\n" + host + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
            b"G\xc3\x8bT /healthz HTTP/1.1\r\n" + host + b"\r\n", b"GET /\xff\xfe HTTP/1.1\r\n" + host + b"\r\n",
            b"GET / HTTP/1.1\r\n" + host + b"Bad Header: x\r\n: y\r\n\tfolded\r\n\r\n", b"GET / HTTP/1.1\nHost: x\n\n",
            bytes(self._chance.choices(range(256), k=self._chance.randint(1, 3_000))),
        ])
        service = self._chance.choice(self._product.services)
        told = send_raw(self._product.url(service), content, then_close=True)
        self._watch.answer(f"no HTTP at {service}", None, told, expect_answer=False)

    # Sending

    def _send(self, door: Door, path: str, headers: list[tuple[str, str]], body: bytes | None, what: str) -> None:
        person = self._chance.choice([*self._people, self._nobody])
        given = {name.lower() for name, _ in headers}
        own = [pair for pair in person.headers(door.changes) if pair[0].lower() not in given]
        told = self._asked(door, path, [*own, *headers], body, what)
        if told is not None:
            self._watch.answer(f"{what} at {door.name} by {person.name}", door, told, _is_heard(told))

    def _asked(self, door: Door, path: str, headers: list[tuple[str, str]], body: bytes | None,
               what: str) -> Told | None:
        try:
            return ask(self._product.url(door.service), door.method, path, headers, body)
        except TimeoutError:
            self._watch.violation(f"{what} at {door.name}: no answer within 20 s")
            return None

    def _address(self, door: Door) -> str:
        """Of something that is there, mostly."""
        known = {name: self._belongings.by_name.get(name, new_id()) for name in door.parameters}
        if known and self._chance.random() < 0.2:
            odd = odd_text(self._chance)[:40].encode("utf-8", "replace").decode()
            known[self._chance.choice(list(known))] = self._chance.choice([new_id(), odd])
        return door.filled(known)


def _is_heard(told: Told) -> bool:
    """Whether the request came as far as our own router: what cannot be parsed ends before, with a bare 400 or a closed
    connection."""
    return not (told.status in (0, 400, 414, 431) and not told.body)


def sent_back(product: Product, watch: Watch, doors: list[Door]) -> int:
    """Looks at every page and list of the stranger's own, now full of what was sent: it must show as text only."""
    person = signed_in(product, "anders", STRANGER)
    pages = [door for door in doors if not door.changes and not door.parameters and door.roles and
             door.roles & person.roles]
    for door in pages:
        told = ask(product.url(door.service), "GET", door.path, person.headers(False))
        watch.answer(f"{door.name} afterwards", door, told)
        if told.status != 200 and not (told.status in (204, 303) or door.query):
            watch.violation(f"{door.name} afterwards: answered {told.status}: {told.text[:200]}")
    return len(pages)

