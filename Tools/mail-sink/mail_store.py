"""The mails, as files in a directory, the newest five hundred of them."""

import email
import email.policy
import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

KEEP = 500


class MailStore:
    """Numbered mails, each in `<number>.json` (envelope) and `<number>.eml` (as it came). Safe to use from threads."""

    def __init__(self, directory: Path):
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._changed = threading.Condition()
        self._numbers = sorted(int(file.stem) for file in directory.glob("*.json") if file.stem.isdigit())
        self._last = max(self._numbers, default=0)

    def add(self, sender: str | None, recipients: list[str], content: bytes) -> int:
        with self._changed:
            number = self._last + 1
            self._write(f"{number}.eml", content)
            envelope = {"id": number, "receivedAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "from": sender or "", "to": list(recipients), "size": len(content)}
            self._write(f"{number}.json", json.dumps(envelope).encode())
            self._last = number
            self._numbers.append(number)
            while len(self._numbers) > KEEP:
                self._remove(self._numbers.pop(0))
            self._changed.notify_all()
            return number

    def wait_for(self, count: int, seconds: float) -> None:
        """Returns when there are at least `count` mails, or when the time is over."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(self._numbers) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return

    def numbers(self) -> list[int]:
        """Oldest first."""
        with self._changed:
            return list(self._numbers)

    def read(self, number: int) -> dict | None:
        """Envelope, headers and the readable parts of one mail; None if there is none of that number."""
        raw = self.raw(number)
        if raw is None:
            return None
        envelope = json.loads((self._directory / f"{number}.json").read_text())
        message = email.message_from_bytes(raw, policy=email.policy.default)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        return {**envelope, "subject": str(message.get("Subject", "")),
                "messageID": str(message.get("Message-ID", "")),
                "headers": [[name, str(value)] for name, value in message.items()],
                "text": _content(text), "html": _content(html),
                "attachments": [part.get_filename() or "" for part in message.iter_attachments()]
                if message.is_multipart() else []}

    def raw(self, number: int) -> bytes | None:
        with self._changed:
            if number not in self._numbers:
                return None
            return (self._directory / f"{number}.eml").read_bytes()

    def clear(self) -> None:
        with self._changed:
            for number in self._numbers:
                self._remove(number)
            self._numbers = []

    def _write(self, name: str, content: bytes) -> None:
        temporary = self._directory / (name + ".new")
        temporary.write_bytes(content)
        os.replace(temporary, self._directory / name)

    def _remove(self, number: int) -> None:
        for suffix in ("json", "eml"):
            (self._directory / f"{number}.{suffix}").unlink(missing_ok=True)


def _content(part) -> str | None:
    if part is None:
        return None
    try:
        return part.get_content()
    except (LookupError, UnicodeError):  # A character set nobody knows: show what can be shown.
        return part.get_payload(decode=True).decode("utf-8", "replace")
