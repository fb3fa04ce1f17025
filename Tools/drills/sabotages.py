"""The product broken on purpose, one way at a time, in a copy of the source: built, run, and the drill must notice.

A drill that has never found anything is suspect. The simulation has sabotages of its own (`Tools/drill simulation
--sabotages`); these are of the real services. Nothing in the product knows of them: each is an edit of its source.
"""

import io
import subprocess
import sys
import tarfile
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from launcher import building, paths
from launcher.errors import LauncherError
from launcher.screen import say, table

WHAT = "the real services broken on purpose in a copy of the committed source; each sabotage must be noticed"
WORKSHOP = paths.REPOSITORY / ".build-sabotage"
"""The copy and what is built of it. Ignored by git; may be deleted."""


@dataclass(frozen=True)
class Sabotage:
    name: str
    does: str
    edits: tuple[tuple[str, str, str], ...]
    """File, what stands there exactly once, what stands there then."""
    drill: str
    words: tuple[str, ...]
    """Options of the drill."""


INBOX = "Modules/Platform/SQLiteStorage/SQLiteMessageStore+inbox.swift"
CLIENT = "Modules/Payments/Adapters/Vipps/VippsClient.swift"
DATABASE = "Modules/Platform/SQLiteStorage/SQLiteDatabase.swift"
BOOKS = "Modules/Payments/Adapters/SQLite/SQLitePaymentBooks.swift"
SIGNATURE = "Modules/Payments/Adapters/Webhooks/WebhookSignature.swift"
SALES = "Modules/PointOfSale/Adapters/SQLite/SQLiteTransaction+sales.swift"
MAIL = "Modules/Notifications/Core/InvoiceMail/InvoiceMail.swift"

STORM = ("kill-storm", ("--seed", "7", "--kills", "40"))
MAIL_STORM = ("kill-storm", ("--seed", "7", "--kills", "150", "--service", "notification-relay"))
POWER = ("lost-writes", ("--seed", "7", "--cuts", "60"))
DISK = ("failing-disk", ("--seed", "7", "--rounds", "6", "--seconds", "2"))


def strangers(part: str) -> tuple[str, tuple[str, ...]]:
    """The part at whose door the sabotage is."""
    return "strangers", ("--seed", "7", "--rounds", "1", "--parts", part)


SABOTAGES = [
    Sabotage("no-idempotency", "every attempt towards Vipps has a key of its own",
             ((CLIENT, 'value: key)', 'value: "\\(key.prefix(8))-\\(UUID().uuidString)")'),), *STORM),
    Sabotage("commands-forgotten", "a command of the till that is sent again acts again",
             ((SALES, '"SELECT fingerprint, answer FROM sale_command WHERE tenant_id = ? AND command_id = ?"',
               '"SELECT fingerprint, answer FROM sale_command WHERE tenant_id = ? AND command_id = ? AND 0"'),
              (SALES, '"INSERT INTO sale_command (', '"INSERT OR REPLACE INTO sale_command (')), *STORM),
    Sabotage("numbers-kept", "the customer's sealed number stays when the payment has ended",
             ((BOOKS, 'sql: "DELETE FROM payment_customer WHERE payment_id = ?"',
               'sql: "DELETE FROM payment_customer WHERE payment_id = ? AND 0"'),), *STORM),
    Sabotage("effects-uncommitted", "the cursor moves and the effect is lost",
             ((INBOX, "try handler.handle(envelope, in: db)",
               "if UInt8.random(in: 0..<50) > 0 { try handler.handle(envelope, in: db) }"),), *STORM),
    Sabotage("mails-again", "a mail in whose middle the relay ended is sent again",
             ((MAIL, """        case (.recover, .handedOver):
            return [.fellInDoubt(reason: "the service stopped before the mail server had answered", at: now)]
""", """        case (.recover, .handedOver): return [.interrupted(at: now)]
"""),), *MAIL_STORM),
    Sabotage("unsigned-webhooks", "a webhook without a true signature is believed",
             ((SIGNATURE, "return isValid\n", "return isValid || !authorizations.isEmpty\n"),
              (SIGNATURE, "guard constantTimeEqual(Data(hash.utf8), Data(contentHash.utf8)) else { return false }", "")),
             *strangers("webhooks")),
    Sabotage("tenant-forgotten", "a sale is found by its identifier alone",
             ((SALES, '"SELECT document FROM sale WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]',
               '"SELECT document FROM sale WHERE id = ?", [id.text]'),), *strangers("tenants")),
    Sabotage("roles-forgotten", "whoever is signed in may do everything",
             (("Modules/Platform/HTTPServing/ServingContext.swift",
               "guard !session.roles.isDisjoint(with: roles) else {",
               "guard !session.roles.isDisjoint(with: roles) || !roles.isEmpty else {"),), *strangers("roles")),
    Sabotage("tokens-forgotten", "a request that another site made the browser send is taken",
             (("Modules/Platform/HTTPServing/Middleware.swift", "request.headers[.csrfToken] != session.csrf",
               "request.headers[.csrfToken] == session.csrf + session.csrf"),), *strangers("roles")),
    Sabotage("cookies-believed", "the signature of a session cookie is not checked",
             (("Modules/Platform/HTTPServing/Session.swift", "key.isValid(signature, of: claims),",
               "key.isValid(signature, of: claims) || !signature.isEmpty,"),), *strangers("roles")),
    Sabotage("commits-unsynced", "a commit is not synced before it is acknowledged",
             ((DATABASE, "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),
              (DATABASE, "guard synchronous == 2,", "guard synchronous == 1,")), *POWER),
    Sabotage("log-trusted", "the log that a killed process left is believed to be on the disk",
             ((DATABASE, "        try log.bringToDisk()\n", ""),), *DISK),
    Sabotage("bus-open", "every key may join the bus",
             (("Modules/Platform/ZeroMQ/KeyGate.swift", "return allowed.contains(key)",
               "return allowed.contains(key) || !allowed.isEmpty"),), *strangers("bus")),
]


def main(arguments: list[str]) -> int:
    words = ArgumentParser(prog="Tools/drill sabotages", description=__doc__)
    words.add_argument("--only", action="append", metavar="NAME", choices=[one.name for one in SABOTAGES],
                       help="this one (may be repeated)")
    words.add_argument("--list", action="store_true", help="name the sabotages and end")
    options = words.parse_args(arguments)
    if options.list:
        say(table([(one.name, one.does, one.drill) for one in SABOTAGES]))
        return 0
    chosen = [one for one in SABOTAGES if not options.only or one.name in options.only]
    rows = [("sabotage", "what it does", "drill", "noticed by", "seconds")]
    missed = 0
    for one in chosen:
        say(f"{one.name}: {one.does}")
        started = time.monotonic()
        noticed = noticed_by(one)
        missed += noticed is None
        rows.append((one.name, one.does, one.drill, (noticed or "NOT NOTICED")[:100], f"{time.monotonic() - started:.0f}"))
        say(f"  {noticed or 'NOT NOTICED'}")
    say(table(rows))
    say(f"{len(chosen) - missed} noticed, {missed} not noticed")
    return 1 if missed else 0


def noticed_by(sabotage: Sabotage) -> str | None:
    """Builds the broken product and runs its drill; the first violation, or nothing."""
    copy = WORKSHOP / "source"
    copy_source(copy)
    for file, old, new in sabotage.edits:
        path = copy / file
        path.write_text(edited(path.read_text(), old, new, file))
    log = WORKSHOP / f"{sabotage.name}.log"
    build = ["swift", "build", "--scratch-path", str(WORKSHOP / "build")]
    with open(log, "w", encoding="utf-8") as output:
        if subprocess.run(build, cwd=copy, env=building.environment(), stdout=output, stderr=subprocess.STDOUT).returncode:
            raise LauncherError(f"The copy with {sabotage.name} does not build; see {log}")
        drill = [sys.executable, str(copy / "Tools" / "drill"), sabotage.drill, "--no-setup", "--no-build", *sabotage.words]
        subprocess.run(drill, cwd=copy, stdout=output, stderr=subprocess.STDOUT)
    mark = "VIOLATION: "
    return next((line.split(mark, 1)[1].strip() for line in log.read_text(errors="replace").splitlines() if mark in line), None)


def edited(text: str, old: str, new: str, file: str) -> str:
    if text.count(old) != 1:
        raise LauncherError(f"{file} has {text.count(old)} times what the sabotage replaces: {old}")
    return text.replace(old, new)


def copy_source(target: Path) -> None:
    """What is committed; only what differs is written, so that little is built again."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=paths.REPOSITORY, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            if not member.isfile():
                continue
            copy, content = target / member.name, files.extractfile(member).read()
            if not copy.exists() or copy.read_bytes() != content:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
                copy.chmod(member.mode)
    links = {".run/venv": paths.PYTHON_ENVIRONMENT, ".run/assets": paths.ASSETS, ".build": WORKSHOP / "build"}
    for name, existing in links.items():
        link = target / name
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(existing, target_is_directory=True)
