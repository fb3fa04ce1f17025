"""`Tools/backup`: copies of all four services' files that fit together, and the way back. See docs/backup.md."""

import argparse
import getpass
import os
import re
import sys
import time
from pathlib import Path

from . import paths
from .backup_files import Backup, Misfit, restore, running
from .errors import LauncherError
from .product import DATABASES
from .screen import say
from .waiting import wait_until
from .web import Answer, Client

DOORS = {"pos-service": "/pos", "vipps-gateway": "/vipps", "financial-service": "/financial",
         "notification-relay": "/notifications"}
"""Where each service answers behind the front door."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HOLD_MAX = 300
"""Seconds; the services let nobody hold them for longer."""


class Operator:
    """An operator, signed in, at the routes that every service has for its bus."""

    def __init__(self, base_url: str, words: dict[str, str], timeout: float = HOLD_MAX):
        """`words` sign in: `userName`, `password` and, where several shops have such a user, `tenant`."""
        self._client = Client(base_url, timeout=timeout)
        self._told("sign in", self._client.post("/pos/api/session", words))

    def bus(self, service: str) -> dict:
        return self._told(f"look at {service}", self._client.get(f"{DOORS[service]}/operator/bus")).json()

    def act(self, service: str, what: str, body: dict | None = None) -> None:
        self._told(f"have {service} {what}", self._client.post(f"{DOORS[service]}/operator/bus/{what}", body))

    @staticmethod
    def _told(what: str, answer: Answer) -> Answer:
        if answer.status >= 300:
            raise LauncherError(f"Could not {what}: {answer.status} {answer.text[:600]}")
        return answer


def take(operator: Operator, name: str, backups: Path, hold: int = 120) -> Backup:
    """Has every service copy its file while work goes on. None applies a message between the first copy and the last, so
    that nobody has heard what its publisher's copy does not hold. Raises `LauncherError`; then there is no backup."""
    if not NAME.fullmatch(name):
        raise LauncherError(f"The name {name!r} must be 1 to 64 letters, digits, dots, hyphens or underscores, "
                            "with a letter or digit first.")
    held = []
    try:
        for service in DATABASES:
            held.append(service)
            operator.act(service, "hold", {"seconds": hold})
        for service in DATABASES:
            operator.act(service, "backup", {"name": name})
    finally:
        for service in held:
            try:
                operator.act(service, "release")
            except (LauncherError, OSError) as error:
                say(f"{service} could not be released ({error}); it goes on by itself within {hold} s.")
    backup = Backup(backups / name)
    if not backup.folder.is_dir():
        raise LauncherError(f"The copies were made, but not in {backup.folder}: give --backups the folder that the services "
                            "have as BACKUP_DIRECTORY.")
    backup.seal()
    return backup


def accept(operator: Operator, backup: Backup, service: str, seconds: float = 30) -> list[str]:
    """After a service was put back: lets each other one that refuses its streams go on behind what the copy held. Returns
    what was accepted, in words. Every service must be up."""
    heads, done = backup.check()[service], []
    for subscriber in DATABASES:
        if subscriber == service:
            continue
        for heard in _settled(operator, subscriber, service, seconds):
            if heard.get("refusal"):
                after = heads.heads.get(heard["stream"], (1, 0))[1]
                operator.act(subscriber, "accept-epoch", {
                    "publisher": service, "stream": heard["stream"], "epoch": heads.epoch, "after": after})
                done.append(f"{subscriber} goes on with {heard['stream']} of {service} behind {after}")
    return done


def _settled(operator: Operator, subscriber: str, publisher: str, seconds: float) -> list[dict]:
    """The subscriber's view of the publisher's streams, once it has heard two heartbeats: the first raises the question,
    and its answer is there before the second."""
    heard_at: set[str] = set()

    def view() -> list[dict] | None:
        streams = [one for one in operator.bus(subscriber)["streams"] if one["publisher"] == publisher]
        heard_at.update(one["lastHeardAt"] for one in streams if one.get("lastHeardAt"))
        return streams if not streams or len(heard_at) > 2 else None

    try:
        # A list with nothing in it is an answer, too.
        return wait_until(lambda: None if (found := view()) is None else (found,), seconds, "")[0]
    except TimeoutError:
        raise LauncherError(f"{subscriber} has not heard {publisher} within {seconds:g} s. Start both, and try again.") from None


# The command


def main() -> int:
    options = _options().parse_args()
    try:
        options.act(options)
    except (LauncherError, OSError) as error:
        say(str(error))
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="Tools/backup", description="Copies of all four services' files that fit together, "
                                    "and the way back. docs/backup.md says what is lost and what to do.")
    words.add_argument("--state-dir", type=Path, default=Path(os.environ.get("STATE_DIR", paths.WORKSHOP)))
    acts = words.add_subparsers(required=True, metavar="take|check|restore|accept")
    for name, act, text in (("take", _take, "copy all four files while work goes on"),
                            ("check", _check, "say whether a backup is whole and fits together"),
                            ("restore", _restore, "put the files of a backup in place; the services must be stopped"),
                            ("accept", _accept, "after restore --only: let the others go on")):
        one = acts.add_parser(name, help=text, description=text)
        one.set_defaults(act=act)
        one.add_argument("name" if act is _take else "folder", type=str if act is _take else Path,
                         help="of the backup: a new one" if act is _take else "the backup")
        if act in (_take, _accept):
            one.add_argument("--base-url", default=os.environ.get("BASE_URL", "http://127.0.0.1:8080"))
            one.add_argument("--user", default=os.environ.get("OPERATOR_USER"), required="OPERATOR_USER" not in os.environ,
                             help="an operator; the password comes from OPERATOR_PASSWORD or is asked for")
        if act is _take:
            one.add_argument("--backups", type=Path, help="the services' BACKUP_DIRECTORY (backups in --state-dir)")
            one.add_argument("--hold", type=int, default=120, choices=range(1, HOLD_MAX + 1), metavar="SECONDS",
                             help="for how long at most no message is applied (120)")
        if act is _restore:
            one.add_argument("--into", type=Path, help="the folder of the four files (data in --state-dir)")
        if act in (_restore, _accept):
            one.add_argument("--only", choices=DATABASES, required=act is _accept, metavar="SERVICE",
                             help="the one service: " + ", ".join(DATABASES))
    return words


def _operator(options: argparse.Namespace) -> Operator:
    password = os.environ.get("OPERATOR_PASSWORD") or getpass.getpass(f"Password of {options.user}: ")
    return Operator(options.base_url, {"userName": options.user, "password": password})


def _take(options: argparse.Namespace) -> None:
    started = time.monotonic()
    backup = take(_operator(options), options.name, options.backups or options.state_dir / "backups", options.hold)
    say(f"{backup.folder}: four files that fit together, taken in {time.monotonic() - started:.1f} s. Keep the folder whole, "
        "and elsewhere.")


def _check(options: argparse.Namespace) -> None:
    Backup(options.folder).check()
    say(f"{options.folder} is whole, and its files fit together.")


def _restore(options: argparse.Namespace) -> None:
    data = options.into or options.state_dir / "data"
    found = restore(Backup(options.folder), data, options.only)
    say(f"Put back into {data}; what was there is beside it, as *.before-restore-*.")
    if not options.only:
        say("Start the four services. Nothing needs to be accepted: the files are of one moment.")
    else:
        say(way_forward(options.folder, options.only, found, running(data)))


def _accept(options: argparse.Namespace) -> None:
    done = accept(_operator(options), Backup(options.folder), options.only)
    for words in done:
        say(words)
    say(f"{len(done)} streams were accepted. Look at /readyz of all four, and at the operations page for money without a "
        "sale." if done else f"Nobody refuses anything of {options.only}.")


def way_forward(folder: Path, service: str, found: list[Misfit], unseen: list[str]) -> str:
    """What will be refused, and what to do. `unseen` are services that run, so that their files were not looked into."""
    if not found and not unseen:
        return f"The others have heard nothing that the file of {service} does not hold. Start it; it catches up by itself."
    gone = [misfit for misfit in found if misfit.subscriber == service]
    lines = ["These streams will be refused, and /readyz says so:", *(f"  {misfit}" for misfit in found)] if found else []
    if unseen:
        lines.append(f"Not compared, because they run: {', '.join(unseen)}. They say themselves what they refuse.")
    if gone:
        lines.append("What was removed cannot be caught up with: restore all four files of one backup together.")
    else:
        lines.append(f"Start all four services and then: Tools/backup accept {folder} --only {service} --user NAME")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
