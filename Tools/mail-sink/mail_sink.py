"""A mail server for development: takes every mail, sends none on, and shows them on a page.

    python mail_sink.py --smtp-port 8025 --page-port 8026 --state-dir DIR

    GET  /                       the mails, newest first          GET /messages/<id>   one of them
    GET  /messages.json          all as JSON; ?count=2&timeout=5 answers when there are two, or after five seconds
    GET  /messages/<id>/raw      as it came                       DELETE /messages     forget all
    POST /control {"refuse": 2}  the next two mails get a temporary refusal (451)
                  {"reject": 1}  the next gets a final refusal (550)
                  {"drop": 1}    the next is taken and kept, but the connection breaks before the answer
                  {"lose": 1}    the connection breaks and the mail is not kept
                  {"delay": 1.5} every answer takes so many seconds
"""

import argparse
import asyncio
import json
import signal
import sys
import threading
from pathlib import Path

from aiosmtpd.smtp import SMTP

from mail_page import serve_page
from mail_store import MailStore

LARGEST_MAIL = 10 * 1024 * 1024
FAULTS = ("refuse", "reject", "drop", "lose")


class Faults:
    """What the sink does wrong on purpose. Counted down mail by mail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = dict.fromkeys(FAULTS, 0)
        self._delay = 0.0

    def change(self, wish: object) -> dict:
        """Applies a control request; raises `ValueError` with a sentence if it makes no sense."""
        if not isinstance(wish, dict) or not wish:
            raise ValueError('Send a JSON object such as {"refuse": 1}.')
        for name, value in wish.items():
            if name == "delay":
                if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 120:
                    raise ValueError("delay is a number of seconds from 0 to 120.")
            elif name not in FAULTS:
                raise ValueError(f"Unknown fault {name!r}. There are: {', '.join(FAULTS)}, delay.")
            elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
                raise ValueError(f"{name} is a whole number from 0 to 10000.")
        with self._lock:
            for name, value in wish.items():
                if name == "delay":
                    self._delay = float(value)
                else:
                    self._left[name] = value
        return self.state()

    def state(self) -> dict:
        with self._lock:
            return {**self._left, "delay": self._delay}

    @property
    def delay(self) -> float:
        return self._delay

    def next(self) -> str | None:
        """The fault that meets the mail at hand, if any."""
        with self._lock:
            for name in FAULTS:
                if self._left[name] > 0:
                    self._left[name] -= 1
                    return name
        return None


class Handler:
    """aiosmtpd's hook: called with each complete mail."""

    def __init__(self, store: MailStore, faults: Faults):
        self._store, self._faults = store, faults

    async def handle_DATA(self, server, session, envelope) -> str:
        if self._faults.delay:
            await asyncio.sleep(self._faults.delay)
        fault = self._faults.next()
        if fault == "refuse":
            return "451 4.3.0 Refused on request, try again later"
        if fault == "reject":
            return "550 5.7.1 Refused on request, for good"
        if fault != "lose":
            await asyncio.to_thread(self._store.add, envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        if fault in ("drop", "lose"):
            server.transport.abort()
        return "250 2.0.0 Taken"


async def serve(arguments: argparse.Namespace) -> None:
    store, faults = MailStore(arguments.state_dir), Faults()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = Handler(store, faults)
    smtp = await loop.create_server(
        lambda: SMTP(handler, data_size_limit=LARGEST_MAIL, hostname="mail-sink.localhost", ident="mail sink"),
        arguments.host, arguments.smtp_port)
    page = serve_page(arguments.host, arguments.page_port, store, faults)
    print(f"mail sink ready: smtp://{arguments.host}:{arguments.smtp_port}, "
          f"page http://{arguments.host}:{arguments.page_port}", file=sys.stderr, flush=True)
    await stop.wait()
    smtp.close()
    await smtp.wait_closed()
    page.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--page-port", type=int, default=8026)
    parser.add_argument("--state-dir", type=Path, required=True, help="where the mails are kept")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
