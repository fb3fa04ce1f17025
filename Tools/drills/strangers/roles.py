"""Every role, and none, on every route: the documents say who may, and nobody else can."""

import json

from launcher.waiting import wait_until

from ..shop import unheard
from .doors import Door, ask, new_id
from .people import STRANGER, VICTIM, Guise, expired, impostors, signed_in
from .watch import Watch

def attack(product, doors: list[Door], watch: Watch) -> int:
    """Knocks at every door in every guise; the answer is the number of requests."""
    return _Knocking(product, doors, watch).run()


class _Knocking:
    def __init__(self, product, doors: list[Door], watch: Watch):
        self._product, self._watch = product, watch
        self._doors = [door for door in doors if door.roles is not None]
        self._asked = 0

    def run(self) -> int:
        product = self._product
        cashier, administrator = (signed_in(product, name, STRANGER) for name in ("mette", "anders"))
        operator = signed_in(product, "operator", VICTIM)  # The vendor's; only this demo tenant has one.
        for guise in impostors(product, administrator):
            self._knock_everywhere(guise, lambda door: {401})
        old = expired(product, administrator)
        self._knock_everywhere(old, lambda door: {401})
        self._knock_everywhere(self._ended(), lambda door: {401})
        for guise in (cashier, administrator, operator):
            self._knock_everywhere(guise, lambda door: self._wanted(door, guise))
        self._without_token(administrator)
        self._from_elsewhere(administrator)
        self._make_me_an_operator(administrator)
        return self._asked

    def _wanted(self, door: Door, guise: Guise) -> set[int] | None:
        """403, or anything else but 401 and 403 (`None` stands for «not refused at the door»)."""
        return None if guise.roles & door.roles else {403}

    def _ended(self) -> Guise:
        """A session that was signed out; its cookie was kept."""
        guise = signed_in(self._product, "anders", STRANGER)
        told = ask(self._product.url("pos-service"), "DELETE", "/pos/api/session", guise.headers(True))
        assert told.status == 204, told
        wait_until(lambda: not unheard(self._product), 10, "everybody to hear that a session was ended")
        return Guise("a session that was ended", guise.cookie, guise.csrf, guise.roles)

    def _knock_everywhere(self, guise: Guise, wanted) -> None:
        for door in self._doors:
            if door.path.endswith("sign-out") or door.name == "DELETE /pos/api/session":
                if guise.roles:
                    continue  # It would end the session that knocks at the next door.
            self._knock(door, guise, wanted(door), guise.headers(door.changes))

    def _knock(self, door: Door, guise: Guise, wanted: set[int] | None, headers: list[tuple[str, str]]) -> None:
        body = b"" if door.changes else None
        told = ask(self._product.url(door.service), door.method, door.filled({"id": "999999999"}), headers, body)
        self._asked += 1
        what = f"{guise.name} at {door.name}"
        self._watch.answer(what, door, told, may_tell=guise.name == "operator")
        leads_to_sign_in = told.status == 303 and told.headers.get("location", "").startswith("/pos/app/sign-in")
        if leads_to_sign_in and wanted == {401} and door.is_page and "/pages/" not in door.path:
            return
        if wanted is None:
            if told.status in (401, 403) and guise.roles & door.roles:
                self._watch.violation(f"{what}: refused with {told.status}, though the document lets it in")
        elif told.status not in wanted:
            self._watch.violation(f"{what}: answered {told.status} instead of {sorted(wanted)}")

    def _without_token(self, guise: Guise) -> None:
        """Whoever may, but sent by another site: the cookie comes along, the token does not."""
        other = signed_in(self._product, "mette", STRANGER)
        for name, token in {"no token": None, "an empty token": "", "a wrong token": "guess",
                            "another session's token": other.csrf}.items():
            spoiled = Guise(f"an administrator with {name}", guise.cookie, token, guise.roles)
            for door in self._doors:
                if door.changes:
                    self._knock(door, spoiled, {403}, spoiled.headers(True))

    def _from_elsewhere(self, guise: Guise) -> None:
        stranger = Guise("an administrator from another site", guise.cookie, guise.csrf, guise.roles)
        for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
            for door in self._doors:
                if door.changes:
                    self._knock(door, stranger, {403}, [*guise.headers(True), ("Origin", origin)])

    def _make_me_an_operator(self, administrator: Guise) -> None:
        """An operator sees every tenant's streams: an administrator must not make one, nor become the one there is."""
        address = self._product.url("pos-service")
        user_id, name = new_id(), "drill." + new_id()[:8]
        for wish in ({"roles": ["operator"]}, {"roles": ["administrator", "cashier", "operator"]}):
            body = {"id": user_id, "userName": name, "displayName": "Drill", "password": new_id(), **wish}
            told = ask(address, "POST", "/pos/api/users", [*administrator.headers(True),
                                                           ("Content-Type", "application/json")],
                       json.dumps(body).encode())
            self._asked += 1
            self._watch.answer("an administrator who makes an operator", None, told)
            if told.status < 400:
                self._watch.violation("an administrator can give the vendor's role, operator, to a user")
        form = f"userName={name}&displayName=Drill&password={new_id()}&roles=operator&commandID={new_id()}"
        told = ask(address, "POST", f"/pos/pages/users/{new_id()}",
                   [*administrator.headers(True), ("Content-Type", "application/x-www-form-urlencoded")], form.encode())
        self._asked += 1
        users = ask(address, "GET", "/pos/api/users", administrator.headers(False))
        if '"operator"' in users.text:
            self._watch.violation("an administrator has made an operator")
        # The vendor's operator belongs to the other tenant; its own administrator must not take the account over.
        own = signed_in(self._product, "admin", VICTIM)
        listed = json.loads(ask(address, "GET", "/pos/api/users", own.headers(False)).body)["users"]
        theirs = next(user for user in listed if "operator" in user["roles"])
        changed = {**{key: theirs[key] for key in ("userName", "displayName", "roles")}, "password": "taken-over-now"}
        told = ask(address, "PUT", f"/pos/api/users/{theirs['id']}",
                   [*own.headers(True), ("Content-Type", "application/json")], json.dumps(changed).encode())
        self._asked += 1
        if told.status < 400:
            self._watch.violation("an administrator can take over the account of the vendor's operator")


