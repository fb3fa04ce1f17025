"""Guessing passwords: slow for whoever guesses, and no way to keep the right person out."""

import random

from launcher.product import Product
from launcher.web import Client

from ..till import Person, checked, new_id, tenant
from .doors import ask
from .people import VICTIM
from .watch import PASSWORD, Watch

NAME_LIMIT, ADDRESS_LIMIT = 10, 100
LONGEST_WAIT = 900


def attack(product: Product, watch: Watch, chance: random.Random, with_addresses: bool) -> int:
    """The answer is the number of guesses.

    - `with_addresses`: also many names from one address, which takes as long as a hundred sign-ins."""
    return _Guessing(product, watch, chance).run(with_addresses)


class _Guessing:
    def __init__(self, product: Product, watch: Watch, chance: random.Random):
        self._product, self._watch, self._chance = product, watch, chance
        self._pos = product.url("pos-service")
        self._tries = 0
        self._admin = Person(product, tenant_index=VICTIM)

    def run(self, with_addresses: bool) -> int:
        self._guess_a_name()
        self._guess_with_pages()
        if with_addresses:
            self._guess_from_one_address()
        return self._tries

    def _somebody(self) -> dict[str, str]:
        """A new user of the victim's; how she signs in."""
        word = new_id()[:8]
        checked(self._admin.pos.post("/pos/api/users", {
            "userName": f"guessed.{word}", "displayName": "Guessed", "roles": ["cashier"],
            "password": f"right-{word}"}))
        return {"userName": f"guessed.{word}", "password": f"right-{word}", "tenant": tenant(VICTIM)["id"]}

    def _guess_a_name(self) -> None:
        """Many guesses at one name from ever new addresses, as a botnet would."""
        right = self._somebody()
        known = Browser(self._pos, "203.0.113.5")
        checked(known.post("/pos/api/session", right))
        answers = [self._try(right["userName"], PASSWORD + str(number), f"198.51.100.{number + 1}")
                   for number in range(NAME_LIMIT + 8)]
        statuses = [answer.status for answer in answers]
        if statuses[:NAME_LIMIT] != [401] * NAME_LIMIT:
            self._watch.violation(f"the first wrong passwords were answered {statuses[:NAME_LIMIT]}")
        if set(statuses[NAME_LIMIT:]) != {429}:
            self._watch.violation(f"guessing one person's password is not slowed down: {statuses}")
        for answer in answers[NAME_LIMIT:]:
            wait = answer.headers["Retry-After"] or ""
            if not wait.isdigit() or int(wait) > LONGEST_WAIT:
                self._watch.violation(f"a guess was refused with Retry-After {wait!r}")
        # Meanwhile the right person comes to the till where she has worked before, and mistypes once.
        known.post("/pos/api/session", {**right, "password": "typed-wrongly"})
        told = known.post("/pos/api/session", right)
        if told.status != 200:
            self._watch.violation(f"while somebody guesses, the right person cannot sign in at her till: {told.status}")
        # What her browser is known by is no licence to guess: neither at her name, nor at another's.
        for name in (right["userName"], self._somebody()["userName"]):
            guesses = [{**right, "userName": name, "password": f"guess-{number}"} for number in range(NAME_LIMIT + 2)]
            statuses = [known.post("/pos/api/session", guess).status for guess in guesses]
            if statuses[-1] != 429:
                self._watch.violation(f"a browser known to us may guess without end: {statuses}")
            self._tries += len(statuses)

    def _guess_with_pages(self) -> None:
        """The form is the same door."""
        name, statuses = self._somebody()["userName"], []
        for number in range(NAME_LIMIT + 2):
            told = ask(self._pos, "POST", "/pos/app/sign-in", [
                ("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", f"192.0.2.{number + 1}")],
                f"user={name}&password={PASSWORD}".encode())
            self._watch.answer("a wrong password in the form", None, told, expect_answer=False)
            statuses.append(told.status)
        if statuses[-2:] != [429, 429]:
            self._watch.violation(f"guessing in the form of the page is not slowed down: {statuses}")
        self._tries += len(statuses)

    def _guess_from_one_address(self) -> None:
        """Ever new names; and the address that was stopped by this is not believed at the front door, which sees from
        where somebody really comes."""
        address = f"203.0.113.{self._chance.randint(10, 250)}"
        statuses = [self._try(f"name-{self._chance.randrange(10**9)}", PASSWORD, address).status
                    for _ in range(ADDRESS_LIMIT + 2)]
        if statuses[-1] != 429:
            self._watch.violation(f"guessing many names from one address is not slowed down: {statuses[-10:]}")
        told = Client(self._product.base_url).post("/pos/api/session", {"userName": "nobody", "password": PASSWORD},
                                                   {"X-Forwarded-For": address})
        if told.status != 401:
            self._watch.violation(f"a claimed address is believed at the front door: {told.status}")

    def _try(self, user_name: str, password: str, address: str):
        self._tries += 1
        browser = Browser(self._pos, address)
        told = browser.post("/pos/api/session", {"userName": user_name, "password": password})
        if PASSWORD in told.text:
            self._watch.violation("a refused sign-in repeats the password")
        return told


class Browser(Client):
    """Comes from an address of its own and keeps every cookie."""

    def __init__(self, base_url: str, address: str):
        super().__init__(base_url)
        self._address = address
        self._cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None):
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        told = super().request(method, path, body, {"X-Forwarded-For": self._address, **(headers or {}),
                                                    **({"Cookie": cookies} if cookies else {})})
        for header in told.headers.get_all("Set-Cookie") or []:
            name, _, rest = header.partition("=")
            self._cookies[name.strip()] = rest.split(";")[0]
        return told
