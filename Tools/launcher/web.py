"""A small HTTP client with a session cookie, enough to act as a browser's user."""

import base64
import http.client
import json
import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        return json.loads(self.body)


class Client:
    """Requests to one base address, one connection each. Follows no redirects. Keeps the `session` cookie and sends
    its CSRF token with every unsafe request, as the pages do."""

    def __init__(self, base_url: str, timeout: float = 15):
        self._base = urllib.parse.urlsplit(base_url)
        self._timeout = timeout
        self.session: str | None = None

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        return self.request("POST", path, body, headers)

    def put(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        return self.request("PUT", path, body, headers)

    def request(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """Raises `OSError` if no answer came."""
        sent = {"Accept": "application/json", **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if self.session:
            sent.setdefault("Cookie", f"session={self.session}")
            if method not in ("GET", "HEAD"):
                sent.setdefault("X-CSRF-Token", self.claims()["csrf"])
        kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._base.hostname, self._base.port, timeout=self._timeout)
        try:
            connection.request(method, self._base.path + path, content, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except http.client.HTTPException as error:
            raise OSError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        self._keep_session(answer)
        return answer

    def claims(self) -> dict:
        """What the session cookie says; the signature is the server's business."""
        payload = (self.session or "").split(".")[0]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    def _keep_session(self, answer: Answer) -> None:
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = header.partition("=")
            if name.strip() == "session":
                self.session = rest.split(";")[0] or None
