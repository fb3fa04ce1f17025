"""One simulator for all tests, reset before each, and a shop that takes its webhooks."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from simulated import Client, Delivery, Process, Shop, start


@pytest.fixture(scope="session")
def process():
    running = start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def sim(process: Process):
    process.control("reset", {})
    return process


@pytest.fixture
def client(sim: Process) -> Client:
    return Client(sim)


@pytest.fixture
def shop():
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            shop.taken.append(Delivery(self.path, {key.lower(): value for key, value in self.headers.items()}, raw))
            if shop.before_answer:
                shop.before_answer(shop.taken[-1])
            status = shop.answers.pop(0) if shop.answers else 200
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}/hooks/secret-path"
    yield shop
    server.shutdown()
    server.server_close()
