"""A small HTTP server for those who stand between two others."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Standing(ThreadingHTTPServer):
    """Serves on a free port of the loopback address until it is closed. Who hangs up on it is not worth a word."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]):
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass

    def close(self) -> None:
        self.shutdown()
        self.server_close()
