"""Every address of the product with who may use it and what it takes, read from docs/openapi; and requests that send
exactly what they are told to, right or wrong."""

import http.client
import re
import select
import socket
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from launcher import paths
from launcher.errors import LauncherError

try:
    import yaml
except ImportError as missing:
    raise LauncherError("This drill reads docs/openapi with PyYAML, which belongs to the tests' packages. "
                        "Install them with: Tools/setup --tests") from missing

DOCUMENTS = {"pos-service": ["pos-service", "pos-pages"], "vipps-gateway": ["vipps-gateway"],
             "financial-service": ["financial-service"], "notification-relay": ["notification-relay"]}
EVERYBODY = frozenset({"cashier", "administrator", "operator"})
ANSWER_MAX = 4 << 20


@dataclass(frozen=True)
class Door:
    """One operation of one service."""

    service: str
    method: str
    path: str
    """With its parameters in braces."""
    roles: frozenset[str] | None
    """Who may; `None`: whoever comes."""
    query: tuple[str, ...] = ()
    schema: dict | None = field(default=None, hash=False, compare=False)
    """Of a JSON body, without references; `None` when there is none."""
    fields: tuple[str, ...] = ()
    """Names of fields and parameters that the document mentions, for forms."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def is_page(self) -> bool:
        return "/pages/" in self.path or "/app" in self.path or "/display/" in self.path

    def filled(self, values: dict[str, str] | None = None) -> str:
        """The address with its parameters; what is not given becomes an identifier that nothing has."""
        return re.sub(r"\{(\w+)\}", lambda name: quote((values or {}).get(name[1], new_id()), safe=""), self.path)


def new_id() -> str:
    return str(uuid.uuid4())


def all_doors() -> list[Door]:
    """Every operation of the four services."""
    return [door for service, names in DOCUMENTS.items() for name in names for door in _read(service, name)]


def _read(service: str, name: str) -> list[Door]:
    document = yaml.safe_load((paths.REPOSITORY / "docs/openapi" / f"{name}.yaml").read_text())
    doors = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            parameters = [_resolved(one, document) for one in
                          operations.get("parameters", []) + operation.get("parameters", [])]
            content = _resolved(operation.get("requestBody", {}), document).get("content", {})
            schema = next((_resolved(body.get("schema", {}), document) for kind, body in content.items()
                           if kind == "application/json"), None)
            form = next((_resolved(body.get("schema", {}), document) for kind, body in content.items()
                         if "form" in kind), {})
            words = operation.get("summary", "") + " " + operation.get("description", "")
            names = re.findall(r"`([A-Za-z]\w*)`", words) + list(form.get("properties", {}))
            doors.append(Door(service, method.upper(), path, _roles(operation, document, words),
                              tuple(one["name"] for one in parameters if one["in"] == "query"), schema, tuple(names)))
    return doors


def _roles(operation: dict, document: dict, words: str) -> frozenset[str] | None:
    """From «For: cashier, administrator.»"""
    security = operation.get("security", document.get("security", []))
    if not any("session" in way for way in security):
        return None
    told = re.search(r"For: ([a-z, ]+)\.", words)
    assert told, f"the document does not say for whom it is: {words}"
    return EVERYBODY if told[1] == "anybody signed in" else frozenset(told[1].split(", "))


def _resolved(node, document: dict, depth: int = 0):
    """The node with every reference replaced by what it names."""
    if isinstance(node, dict):
        if "$ref" in node and depth < 20:
            target = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            return _resolved(target, document, depth + 1)
        return {key: _resolved(value, document, depth + 1) for key, value in node.items()}
    return [_resolved(value, document, depth + 1) for value in node] if isinstance(node, list) else node


@dataclass(frozen=True)
class Told:
    """What came back. Status 0: the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "")


def ask(base: str, method: str, path: str, headers: list[tuple[str, str]] = (), body: bytes | None = None,
        seconds: float = 20) -> Told:
    """One request with these headers and no others but Host and Content-Length, and those only where none is given.

    Raises `OSError` (`TimeoutError` among them) when nothing came in time; a closed connection is status 0."""
    where = urlsplit(base)
    given = {name.lower() for name, _ in headers}
    lines = [f"{method} {path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {where.netloc}")
    if body is not None and not given & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in headers] + ["Connection: close", "", ""]
    return send_raw(base, "\r\n".join(lines).encode("utf-8", "surrogateescape") + (body or b""), seconds)


def send_raw(base: str, content: bytes, seconds: float = 20, then_close: bool = False) -> Told:
    """Bytes to the door, whatever they are, and the answer if they are taken for a request.

    - `then_close`: ends our side of the connection after the last byte."""
    where = urlsplit(base)
    with socket.create_connection((where.hostname, where.port), timeout=seconds) as connection:
        try:
            if _send_until_answered(connection, content, seconds) and then_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before all of it was sent; the answer may be there all the same.
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            endless = headers.get("content-type", "").startswith("text/event-stream")
            return Told(response.status, headers, b"" if endless else response.read(ANSWER_MAX))
        except (http.client.HTTPException, ConnectionResetError, BrokenPipeError):
            return Told(0, {}, b"")


def _send_until_answered(connection: socket.socket, content: bytes, seconds: float) -> bool:
    """Whether all of it was sent before an answer came."""
    view, deadline = memoryview(content), time.monotonic() + seconds
    while view:
        readable, writable, _ = select.select([connection], [connection], [], max(0, deadline - time.monotonic()))
        if readable:
            return False
        if not writable:
            raise TimeoutError("neither taken nor answered")
        view = view[connection.send(view[:65_536]):]
    return True
