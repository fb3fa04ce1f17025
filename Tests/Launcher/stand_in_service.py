#!/usr/bin/env python3
"""Stands in for one of the four services: same configuration, same health paths, and it tells what it was sent."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.path.basename(sys.argv[0])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/readyz":
            ready = not os.environ.get("NEVER_READY")
            self.answer(200 if ready else 503, {"ready": ready, "missing": [] if ready else ["bus"]})
        elif self.path.startswith("/notifications/events"):
            self.stream()
        else:
            self.answer(200, {"service": NAME, "path": self.path, "method": self.command,
                              "headers": dict(self.headers.items())})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(2):
            event = f"event: sales\ndata: {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            while number == 0 and not os.path.exists(os.environ["DATABASE_PATH"] + ".go"):
                time.sleep(0.02)
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def main() -> None:
    if os.environ.get("CRASH_AT") == "start":
        os.kill(os.getpid(), signal.SIGKILL)
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["HTTP_PORT"])), Handler)
    server.daemon_threads = True
    print(f"{NAME} listens", file=sys.stderr, flush=True)

    def end(number: int, frame: object) -> None:
        print(f"{NAME} ends in order", file=sys.stderr, flush=True)
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("STUBBORN") else end)
    server.serve_forever()


main()
