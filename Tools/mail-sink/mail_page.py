"""The sink's page and its JSON, over plain HTTP on the loopback address."""

import json
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from mail_store import MailStore

LARGEST_BODY = 10_000
LONGEST_WAIT = 60.0

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem; border-bottom: 1px solid #8886; vertical-align: top; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; padding: 1rem; }
iframe { width: 100%; height: 40rem; border: 1px solid #8886; background: #fff; }
"""


def serve_page(host: str, port: int, store: MailStore, faults) -> ThreadingHTTPServer:
    """Serves in threads of its own until `shutdown()`."""

    class Handler(_Handler):
        pass

    Handler.store, Handler.faults = store, faults
    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="page").start()
    return server


class _Handler(BaseHTTPRequestHandler):
    store: MailStore
    protocol_version = "HTTP/1.1"
    timeout = 120

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        words = url.path.strip("/").split("/")
        if url.path == "/":
            self._html(list_page(self.store, self.faults.state()))
        elif url.path == "/healthz":
            self._answer(200, "text/plain; charset=utf-8", b"ok\n")
        elif url.path == "/messages.json":
            self._messages(parse_qs(url.query))
        elif words[0] == "messages" and len(words) in (2, 3) and words[1].isdigit():
            self._message(int(words[1]), words[2:])
        else:
            self._problem(404, "There is no such page.")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return self._problem(413, f"At most {LARGEST_BODY} bytes.")
        body = self.rfile.read(length)
        if self.path != "/control":
            return self._problem(404, "Only /control takes a POST.")
        try:
            self._json(self.faults.change(json.loads(body or b"null")))
        except ValueError as error:
            self._problem(400, str(error))

    def do_DELETE(self) -> None:
        if self.path != "/messages":
            return self._problem(404, "Only /messages can be deleted.")
        self.store.clear()
        self._json({"deleted": True})

    def _messages(self, query: dict[str, list[str]]) -> None:
        try:
            count, seconds = int(query.get("count", ["0"])[0]), float(query.get("timeout", ["0"])[0])
        except ValueError:
            return self._problem(400, "count and timeout are numbers.")
        self.store.wait_for(count, min(max(seconds, 0), LONGEST_WAIT))
        mails = (self.store.read(number) for number in self.store.numbers())
        self._json([mail for mail in mails if mail])

    def _message(self, number: int, rest: list[str]) -> None:
        mail = self.store.read(number)
        if mail is None:
            self._problem(404, "There is no such mail; it may have made room for newer ones.")
        elif rest == ["raw"]:
            self._answer(200, "text/plain; charset=utf-8", self.store.raw(number) or b"")
        elif not rest:
            self._html(mail_page(mail))
        else:
            self._problem(404, "There is no such page.")

    def _html(self, text: str) -> None:
        self._answer(200, "text/html; charset=utf-8", text.encode())

    def _json(self, value: object, status: int = 200) -> None:
        self._answer(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _problem(self, status: int, detail: str) -> None:
        self._json({"error": detail}, status)

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        # The HTML of a mail is a stranger's: no script, no frame but the sandboxed one, nothing from the network.
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                         "frame-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent: requests carry nothing worth a line."""


def page(title: str, body: str) -> str:
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style>'
            f"<h1>{escape(title)}</h1>{body}</html>")


def list_page(store: MailStore, faults: dict) -> str:
    rows = []
    for number in reversed(store.numbers()):
        mail = store.read(number)
        if mail:
            rows.append(f'<tr><td><a href="/messages/{number}">{escape(mail["subject"] or "(no subject)")}</a></td>'
                        f'<td>{escape(", ".join(mail["to"]))}</td><td>{escape(mail["receivedAt"][:19])}</td></tr>')
    active = ", ".join(f"{name} {value:g}" for name, value in faults.items() if value)
    note = f"<p>Faults switched on: {escape(active)}.</p>" if active else ""
    if not rows:
        return page("Mail", note + "<p>No mail yet. Every mail the product sends ends here, and nowhere else.</p>")
    return page("Mail", note + "<table><thead><tr><th>Subject</th><th>To</th><th>Received (UTC)</th></tr></thead><tbody>"
                + "".join(rows) + "</tbody></table>")


def mail_page(mail: dict) -> str:
    facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in
                    [("From", mail["from"]), ("To", ", ".join(mail["to"])), ("Received", mail["receivedAt"])])
    parts = [f'<p><a href="/">All mail</a> · <a href="/messages/{mail["id"]}/raw">As it came</a></p>'
             f"<table>{facts}</table>"]
    if mail["html"] is not None:
        parts.append(f'<h2>HTML</h2><iframe sandbox="" title="The mail as HTML" srcdoc="{escape(mail["html"])}"></iframe>')
    if mail["text"] is not None:
        parts.append(f'<h2>Text</h2><pre>{escape(mail["text"])}</pre>')
    return page(mail["subject"] or "(no subject)", "".join(parts))
