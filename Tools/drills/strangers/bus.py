"""Strangers at the bus, who must neither hear nor say anything; and a peer that is known and has gone bad, which can
harm nobody's books but where its own word counts."""

import contextlib
import json
import random
import re
import socket
import time
import uuid

from launcher import paths
from launcher.errors import LauncherError
from launcher.keys import curve_keypair
from launcher.product import Product

from ..shop import rows
from ..till import Vipps, tenant
from .bodies import odd_number, odd_text, odd_value, spoiled
from .doors import ask
from .people import STRANGER, VICTIM, signed_in, till_of
from .tenants import identifiers_of_the_victim
from .watch import Watch, changes, quiet_rows_of

try:
    import yaml
    import zmq
except ImportError as missing:
    raise LauncherError("This drill speaks ZeroMQ with pyzmq and reads docs/asyncapi.yaml with PyYAML, which belong to "
                        "the tests' packages. Install them with: Tools/setup --tests") from missing

LISTENING = 1.5
"""Seconds in which a listener would hear three heartbeats."""
GOLDEN = paths.REPOSITORY / "Tests/MessageContractsTests/Golden"
LARGEST = 2_000_000
"""Bytes a peer may send; for more its connection is cut."""
MALFORMED_A_STREAM = 4
"""Each is tried five times, for a second, before it is put aside."""


def knock(product: Product, watch: Watch, chance: random.Random) -> int:
    """Strangers at the doors of all four services; the answer is how many came."""
    context = zmq.Context()
    came = 0
    try:
        before = _refused(product)
        listeners = {f"{name} at the bus of {service}": listener for service in product.services
                     for name, listener in _strangers(context, product, service).items()}
        _must_not_hear(watch, listeners)
        came += len(listeners)
        for service in product.services:
            came += _garbage(product, service, chance)
        if sum(_refused(product).values()) <= sum(before.values()):
            watch.violation("strangers at the bus were not counted as refused")
        came += _listener_who_speaks(context, product, chance)
    finally:
        context.destroy(linger=0)
    return came


def _refused(product: Product) -> dict[str, float]:
    found = {}
    for service in product.services:
        told = ask(product.url(service), "GET", "/metrics").text
        counts = re.findall(r"^bus_strangers_refused_total\S* (\S+)$", told, re.M)
        found[service] = sum(float(value) for value in counts)
    return found


def _strangers(context: "zmq.Context", product: Product, service: str) -> dict[str, "zmq.Socket"]:
    own_public, own_secret = (key.encode() for key in curve_keypair())
    other_public, _ = curve_keypair()
    endpoint = endpoint_of(product, service)

    def listener(**options: object) -> "zmq.Socket":
        one = context.socket(zmq.SUB)
        for name, value in options.items():
            setattr(one, name, value)
        one.setsockopt(zmq.SUBSCRIBE, b"")
        one.connect(endpoint)
        return one

    server = public_key_of(product, service)
    return {
        "a stranger without a key": listener(),
        "a stranger with name and password": listener(plain_username=b"pos-service", plain_password=b"secret"),
        "a stranger with a key of his own": listener(curve_serverkey=server, curve_publickey=own_public,
                                                     curve_secretkey=own_secret),
        "a stranger who claims a listed key": listener(
            curve_serverkey=server, curve_publickey=public_key_of(product, "pos-service"), curve_secretkey=own_secret),
        "a stranger who takes the service for another": listener(
            curve_serverkey=other_public.encode(), curve_publickey=own_public, curve_secretkey=own_secret),
    }


def _must_not_hear(watch: Watch, listeners: dict[str, "zmq.Socket"]) -> None:
    time.sleep(LISTENING)  # A promise of silence is kept only by waiting.
    for name, listener in listeners.items():
        if listener.poll(0):
            watch.violation(f"{name} heard {listener.recv_multipart()[0]!r}")
        listener.close(linger=0)


def _garbage(product: Product, service: str, chance: random.Random) -> int:
    """Bytes that are no ZMTP, half a greeting, and many who come and say nothing."""
    port = product.ports.bus(service)
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(15) + b"\x00" + bytes(31)
    contents = [b"GET / HTTP/1.1\r\n\r\n", greeting[:20], greeting, greeting + b"\x04\xff" + b"\xff" * 8 + b"x" * 1000,
                greeting.replace(b"CURVE", b"NULL\x00"), greeting + b"\x04\x19\x05HELLO" + bytes(20),
                bytes(chance.choices(range(256), k=5_000)), *[b""] * 40]
    with contextlib.ExitStack() as open_ones:
        for content in contents:
            connection = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            with contextlib.suppress(OSError):
                connection.sendall(content)
        time.sleep(0.2)  # They stay a little, all at once.
    return len(contents)


def _listener_who_speaks(context: "zmq.Context", product: Product, chance: random.Random) -> int:
    """The operator's key may listen. What it says nobody listens to, whatever it says."""
    secret = product.observer_secret.read_text().strip().encode()
    public = zmq.curve_public(secret)
    for service in product.services:
        speaker = context.socket(zmq.XSUB)
        speaker.curve_serverkey, speaker.curve_publickey, speaker.curve_secretkey = (
            public_key_of(product, service), public, secret)
        speaker.connect(endpoint_of(product, service))
        speaker.send(b"\x01bus.heartbeat")
        if speaker.poll(5_000):
            speaker.recv_multipart()
        for content in ([b"bus.heartbeat", b"{}"], [b"\x01" + b"x" * 10_000], [b"\x02"], [b""],
                        [b"\x00never-subscribed"], [bytes(chance.choices(range(256), k=300))],
                        [b"pos.sales", b"{}", b"more"]):
            speaker.send_multipart(content)
        speaker.close(linger=200)
    return len(product.services)


def endpoint_of(product: Product, service: str) -> str:
    return f"tcp://127.0.0.1:{product.ports.bus(service)}"


def public_key_of(product: Product, service: str) -> bytes:
    directory = json.loads(product.bus_directory.read_text())
    return next(peer["publicKey"] for peer in directory["peers"] if peer["service"] == service).encode()


# A peer that has gone bad


class Impostor:
    """Speaks on the bus as a service whose process is down, with its keys, and goes on where its outbox ended."""

    def __init__(self, product: Product, service: str, secret: bytes | None = None):
        self.product, self.service = product, service
        self.epoch = rows(product, service, "SELECT epoch FROM bus_identity")[0][0]
        self._last = {stream: (sequence, message) for stream, sequence, message in
                      rows(product, service, "SELECT stream, last_sequence, last_message_id FROM bus_outbox_stream")}
        self._sent: dict[str, list[tuple[int, str, bytes]]] = {}
        self._context = zmq.Context()
        own = secret or product.keys.bus_secret(service).read_text().strip().encode()
        self._mouth = self._context.socket(zmq.XPUB)
        self._mouth.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._mouth.curve_server, self._mouth.curve_secretkey = True, own
        self._mouth.bind(endpoint_of(product, service))
        self._ears = self._context.socket(zmq.SUB)
        self._ears.curve_publickey, self._ears.curve_secretkey = zmq.curve_public(own), own
        self._ears.setsockopt(zmq.SUBSCRIBE, f"bus.replay-request.{service}".encode())
        for other in self.others:
            self._ears.curve_serverkey = public_key_of(product, other)
            self._ears.connect(endpoint_of(product, other))

    @property
    def others(self) -> list[str]:
        """The services that run."""
        return [name for name in self.product.services if name != self.service and self.product.processes[name].alive]

    def close(self) -> None:
        self._context.destroy(linger=200)

    def wait_for_listeners(self, count: int, seconds: float = 20) -> int:
        """Until so many services have come to hear heartbeats, as each does; the answer is how many have."""
        arrived, deadline = 0, time.monotonic() + seconds
        while arrived < count and time.monotonic() < deadline:
            if self._mouth.poll(200):
                arrived += self._mouth.recv_multipart()[0] == b"\x01bus.heartbeat"
        return arrived

    def frames(self, *frames: bytes) -> None:
        """Whatever it is."""
        self._mouth.send_multipart(frames)

    def message(self, kind: str, data: object, tenant_id: str, **fields: object) -> None:
        """The next message of its stream, in a true envelope but for `fields`."""
        stream = stream_of(kind)
        sequence, previous = self._last.get(stream, (0, None))
        sequence += 1
        message = str(uuid.uuid4())
        envelope = {
            "specversion": "1.0", "id": message, "source": f"/{self.service}", "type": kind, "subject": "drill",
            "time": now_text(), "datacontenttype": "application/json", "tenantid": tenant_id, "stream": stream,
            "sequence": sequence, "epoch": self.epoch, "previousid": previous, "correlationid": message,
            "traceparent": "00-" + uuid.uuid4().hex + "-00f067aa0ba902b7-01", "data": data, **fields}
        content = json.dumps({key: value for key, value in envelope.items() if value is not None}).encode()
        self._last[stream] = (sequence, message)
        self._sent.setdefault(stream, []).append((sequence, message, content))
        self.frames(stream.encode(), content)

    def settle(self, seconds: float = 90) -> list[str]:
        """Answers what is asked for, until everybody has heard what was said; the answer is who has not."""
        behind: list[str] = ["nobody has looked yet"]
        deadline, beat = time.monotonic() + seconds, 0.0
        while behind and time.monotonic() < deadline:
            if time.monotonic() >= beat:
                self._heartbeat()
                behind, beat = self._behind(), time.monotonic() + 0.5
            if self._ears.poll(100):
                self._answer(json.loads(self._ears.recv_multipart()[1]))
        return behind

    def _behind(self) -> list[str]:
        found = []
        for other in self.others:
            query = f"SELECT stream, sequence FROM bus_cursor WHERE publisher = '{self.service}'"
            for stream, sequence in rows(self.product, other, query):
                if stream in self._sent and sequence != self._last[stream][0]:
                    found.append(f"{other} stands at {sequence} of {self._last[stream][0]} of {stream}")
        return found

    def _heartbeat(self) -> None:
        heads = {stream: {"first": 1, "last": sequence} for stream, (sequence, _) in self._last.items()}
        self.frames(b"bus.heartbeat", json.dumps({"service": self.service, "epoch": self.epoch, "sentAt": now_text(),
                                                  "heads": heads, "cursors": []}).encode())

    def _answer(self, question: dict) -> None:
        stream, after = question["stream"], question["after"]
        last = self._last.get(stream, (0, None))[0]
        known = {sequence: message for sequence, message, _ in self._sent.get(stream, [])}
        known |= dict(rows(self.product, self.service,
                           f"SELECT sequence, message_id FROM bus_outbox WHERE stream = '{stream}'"))
        self.frames(f"bus.replay-notice.{question['subscriber']}".encode(), json.dumps({
            "request": question["id"], "publisher": self.service, "stream": stream, "epoch": self.epoch,
            "head": {"first": 1, "last": last}, "messageIDAtAfter": known.get(after)}).encode())
        for sequence, _, content in self._sent.get(stream, []):
            if sequence > after:
                self.frames(f"bus.replay.{question['subscriber']}".encode(), content)


def now_text() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def golden(kind: str) -> dict:
    return json.loads((GOLDEN / f"{kind}.json").read_text())


def _streams() -> dict[str, str]:
    document = yaml.safe_load((paths.REPOSITORY / "docs/asyncapi.yaml").read_text())
    names = {key: message["name"] for key, message in document["components"]["messages"].items()}
    return {names[message]: stream for stream, channel in document["channels"].items()
            for message in channel["messages"]}


_STREAM_OF: dict[str, str] = {}


def stream_of(kind: str) -> str:
    if not _STREAM_OF:
        _STREAM_OF.update(_streams())
    return _STREAM_OF[kind]


PUBLISHES = {"pos-service": "pos.", "vipps-gateway": "payments.", "financial-service": "finance.",
             "notification-relay": "notifications."}


def kinds_of(service: str) -> list[str]:
    stream_of("pos.sale-started.v1")
    return sorted(kind for kind, stream in _STREAM_OF.items() if stream.startswith(PUBLISHES[service]))


NEEDED_TO_SELL = ("pos-service", "vipps-gateway")


def misbehave(product: Product, watch: Watch, chance: random.Random, service: str) -> int:
    """One service goes bad: its process is stopped, and its keys speak. Afterwards its history is another one, so that
    the product is of no more use. The answer is the number of frames it sent."""
    theirs = identifiers_of_the_victim(product)
    before = quiet_rows_of(product, tenant(VICTIM)["id"])
    product.stop_service(service)
    watch.gone(service)
    _under_another_key(product, watch, service)
    impostor = Impostor(product, service)
    try:
        others = len(impostor.others)
        if (arrived := impostor.wait_for_listeners(others)) < others:
            watch.violation(f"only {arrived} services came back to {service}")
        sent = _odd_frames(impostor, chance)
        sent += _of_another_tenant(impostor, chance, theirs)
        _settled(impostor, watch, "messages about another tenant's things")
        after = quiet_rows_of(product, tenant(VICTIM)["id"])
        if changed := changes(before, after):
            watch.violation(f"messages of {service} under another tenant's name have changed {', '.join(changed)}")
        sent += _malformed(impostor, chance)
        if service not in NEEDED_TO_SELL:
            _sell(product)
        _settled(impostor, watch, "malformed messages")
        watch.house(f"{service} gone bad")
        sent += _in_the_right_name(impostor, chance, theirs)
        _settled(impostor, watch, "messages with impossible amounts")
        _look_everywhere(product, watch, service, theirs)
        watch.house(f"{service} gone bad, with impossible amounts")
        return sent
    finally:
        impostor.close()


def _sell(product: Product) -> None:
    """Without the bad one a sale completes all the same."""
    vipps, sale = Vipps(product), till_of(product, VICTIM).sale("1001")
    vipps.approve(sale.pay()["reference"])
    sale.wait_state("completed")


def _look_everywhere(product: Product, watch: Watch, bad: str, theirs: dict[str, list[str]]) -> None:
    """What was said about the victim's things can be looked at, whatever it was."""
    for service, paths in {
            "pos-service": ["/pos/api/sales", *(f"/pos/api/sales/{one}" for one in theirs["saleID"])],
            "financial-service": ["/financial/api/ledger", "/financial/api/ledger/verification",
                                  "/financial/api/ledger/sums?by=sale",
                                  *(f"/financial/api/sales/{one}/ledger" for one in theirs["saleID"]),
                                  *(f"/financial/api/payments/{one}/events" for one in theirs["paymentID"])],
            "notification-relay": ["/notifications/api/mails"]}.items():
        if service != bad and bad != "pos-service":
            person = signed_in(product, "admin", VICTIM)
            for path in paths:
                told = ask(product.url(service), "GET", path, person.headers(False))
                watch.answer(f"{path} after {bad} went bad", None, told, may_tell=True)


def _settled(impostor: Impostor, watch: Watch, what: str) -> None:
    if behind := impostor.settle():
        watch.violation(f"{what} of {impostor.service} hold up its streams: {'; '.join(behind)}")


def _under_another_key(product: Product, watch: Watch, service: str) -> None:
    """Somebody takes the address of a service that is down, with a key of his own: nobody listens to him."""
    _, secret = curve_keypair()
    stranger = Impostor(product, service, secret.encode())
    try:
        if stranger.wait_for_listeners(1, seconds=4):
            watch.violation(f"somebody with another key was listened to as {service}")
    finally:
        stranger.close()


def _odd_frames(impostor: Impostor, chance: random.Random) -> int:
    """Frames that are no messages. The streams must not suffer: nothing here has a number of theirs."""
    me, streams = impostor.service, sorted({stream_of(kind) for kind in kinds_of(impostor.service)})
    others = impostor.others
    topics = [*streams, "bus.heartbeat", *(f"bus.replay-request.{one}" for one in others),
              *(f"bus.replay-notice.{one}" for one in others), *(f"bus.replay.{one}" for one in others)]
    sent = 0

    def frames(*content: bytes) -> None:
        nonlocal sent
        sent += 1
        impostor.frames(*content)

    for topic in topics:
        name = topic.encode()
        frames(name)
        frames(name, b"", b"")
        frames(name + bytes(chance.choices(range(256), k=9)), b"{}")
        for content in (b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}" * 3, b'{"a":' * 20_000, b"[" * 100_000,
                        b"[" * 513, b'{"x":"' + b"y" * 1_500_000 + b'"}', bytes(chance.choices(range(256), k=400))):
            frames(name, content)
        for _ in range(25):
            frames(name, _odd_envelope(impostor, topic, chance))
    frames(streams[0].encode(), b"z" * (LARGEST + 1_000_000))  # The connection is cut, and made again.
    if others and impostor.wait_for_listeners(1, seconds=20) == 0:
        raise AssertionError(f"nobody came back to {me} after a message that is too large")
    impostor.wait_for_listeners(len(others) - 1, seconds=4)
    return sent


def _odd_envelope(impostor: Impostor, topic: str, chance: random.Random) -> bytes:
    """What the topic is for, with something wrong in it, and never the next number."""
    me, other = impostor.service, chance.choice(impostor.others or ["pos-service"])
    if topic == "bus.heartbeat":
        whole: dict = {"service": me, "epoch": impostor.epoch, "sentAt": now_text(),
                       "heads": {"pos.sales": {"first": odd_number(chance), "last": odd_number(chance)}},
                       "cursors": [{"publisher": other, "stream": "pos.sales", "epoch": odd_text(chance),
                                    "sequence": odd_number(chance)}]}
    elif "request" in topic:
        whole = {"id": str(uuid.uuid4()), "subscriber": chance.choice([me, other]), "stream": odd_text(chance),
                 "after": odd_number(chance), "limit": odd_number(chance)}
    elif "notice" in topic:
        whole = {"request": str(uuid.uuid4()), "publisher": me, "stream": "pos.sales", "epoch": impostor.epoch,
                 "head": {"first": odd_number(chance), "last": odd_number(chance)}, "messageIDAtAfter": None}
    else:
        whole = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": f"/{chance.choice([me, other])}",
                 "type": "pos.sale-completed.v1", "subject": "x", "time": now_text(),
                 "datacontenttype": "application/json", "tenantid": tenant(VICTIM)["id"],
                 "stream": chance.choice(["pos.sales", "payments.payments", "no.stream"]),
                 "sequence": chance.choice([0, -1, 2**63 - 1, 10**9]),
                 "epoch": chance.choice([impostor.epoch, "other"]),
                 "correlationid": "x", "traceparent": "x", "data": odd_value(chance)}
        if whole["epoch"] == impostor.epoch and whole["source"] == f"/{me}":
            whole["sequence"] = chance.choice([0, -1, -2**63])  # No number that somebody would wait for.
    wrong = spoiled(whole, chance) if chance.random() < 0.6 else whole
    return json.dumps(wrong).encode("utf-8", "surrogatepass")[:LARGEST]


def _of_another_tenant(impostor: Impostor, chance: random.Random, theirs: dict[str, list[str]]) -> int:
    """Every message it can say, well formed, in the stranger's name about the victim's things."""
    kinds = kinds_of(impostor.service)
    for kind in kinds:
        for number in range(2):
            impostor.message(kind, _about(golden(kind), theirs, number), tenant(STRANGER)["id"])
    return 2 * len(kinds)


def _malformed(impostor: Impostor, chance: random.Random) -> int:
    """Right envelopes with the next number around data that no type promises: each is put aside, the stream goes on."""
    sent = 0
    for stream in sorted({stream_of(kind) for kind in kinds_of(impostor.service)}):
        kinds = [kind for kind in kinds_of(impostor.service) if stream_of(kind) == stream]
        for _ in range(MALFORMED_A_STREAM):
            kind = chance.choice(kinds)
            data = {**golden(kind), **{name: odd_value(chance) for name in chance.sample(sorted(golden(kind)), 1)}}
            wrong = chance.choice([{"type": kind}, {"type": 7}, {"traceparent": "no"}, {"specversion": "2.0"},
                                   {"tenantid": "nobody"}, {"time": "yesterday"}])
            impostor.message(kind, chance.choice([data, [], "x", None, 7]), tenant(STRANGER)["id"],
                             **({} if wrong == {"type": kind} else wrong))
            sent += 1
    return sent


def _in_the_right_name(impostor: Impostor, chance: random.Random, theirs: dict[str, list[str]]) -> int:
    """About the victim's things in the victim's name: who has a service's key is believed, but amounts that cannot be
    must not stop anybody."""
    kinds = [kind for kind in kinds_of(impostor.service) if "minorUnits" in json.dumps(golden(kind))]
    for kind in kinds:
        for units, currency in ((2**63 - 1, "NOK"), (-2**63, "NOK"), (2**63 - 1, "NOK"), (100, "DKK"), (0, "EUR")):
            data = _with_amounts(_about(golden(kind), theirs, 0), units, currency)
            impostor.message(kind, data, tenant(VICTIM)["id"])
    return 5 * len(kinds)


def _about(data: dict, theirs: dict[str, list[str]], number: int) -> dict:
    """The sample with the victim's identifiers in it, wherever there is one of the name."""
    changed = dict(data)
    for name in data:
        if name in theirs:
            changed[name] = theirs[name][number % len(theirs[name])]
        elif name == "refundID":
            changed[name] = str(uuid.uuid4())
    return changed


def _with_amounts(value: object, units: int, currency: str) -> object:
    if isinstance(value, dict):
        if "minorUnits" in value:
            return {"minorUnits": units, "currency": currency}
        return {name: _with_amounts(one, units, currency) for name, one in value.items()}
    return [_with_amounts(one, units, currency) for one in value] if isinstance(value, list) else value
