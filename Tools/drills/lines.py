"""A small TCP proxy for every connection of the bus. It moves bytes and understands none: CURVE goes through it from
end to end. Each of its lines can be cut, go dead without a word, be held up, lose bytes or be slow."""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher.keys import SERVICES, replace
from launcher.product import Product

CHUNK = 1_024
"""Bytes that travel together."""
IN_FLIGHT_MAX = 64
"""Chunks on their way in one direction; the sender waits when there are more, as with a full window."""
TO_SUBSCRIBER, TO_PUBLISHER = "to the subscriber", "to the publisher"


@dataclass(frozen=True)
class Trouble:
    """What a line suffers, in both directions or in one."""

    kind: str
    """One of `KINDS`."""
    directions: tuple[str, ...] = (TO_SUBSCRIBER, TO_PUBLISHER)
    delay: float = 0
    """Seconds that each byte needs, of a slow line."""
    bytes_a_second: float = 0
    """Of a slow line."""


CUT, HALF_OPEN, HELD_UP, LOSSY, SLOW = KINDS = ("cut", "half-open", "held up", "lossy", "slow")
"""Cut: every connection is reset, also new ones. Half-open: bytes are swallowed, and neither end is told anything, nor
when the other one ends; a connection that was swallowed once stays so, as after a router has forgotten it. Held up:
nothing gets through, and all of it when the trouble is over. Lossy: some bytes are missing in what arrives. Slow: late,
and few at a time."""


class Line:
    """The way from one subscriber to one publisher. Everything but `port` belongs to the thread of its `Lines`."""

    def __init__(self, subscriber: str, publisher: str, publisher_port: int, chance: random.Random):
        self.subscriber, self.publisher = subscriber, publisher
        self.port = 0
        """Where the subscriber finds the publisher."""
        self.trouble: Trouble | None = None
        self.connections: set["_Connection"] = set()
        self.done: Counter[str] = Counter()
        """By kind: connections reset or swallowed, chunks held up, shortened or slowed; and bytes carried."""
        self._publisher_port, self._chance = publisher_port, chance
        self._is_over = asyncio.Event()

    async def open(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def suffer(self, trouble: Trouble | None) -> None:
        """Begins with the next byte; `None` ends it."""
        self.trouble = trouble
        self._is_over.set()
        self._is_over = asyncio.Event()
        for connection in list(self.connections):
            connection.strike()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, writer)
        self.connections.add(connection)
        try:
            connection.strike()
            await connection.carry(reader, self._publisher_port)
        except OSError:
            pass  # Either end may go at any time.
        finally:
            connection.end()
            self.connections.discard(connection)

    # What the trouble does to one chunk

    def _strikes(self, kind: str, direction: str) -> bool:
        return self.trouble is not None and self.trouble.kind == kind and direction in self.trouble.directions

    async def wait_at_most(self, seconds: float) -> None:
        """Less when the trouble ends: then the line is quick again, for what is on the way, too."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._is_over.wait(), seconds)
            except TimeoutError:
                pass

    async def held_up(self, direction: str) -> None:
        while self._strikes(HELD_UP, direction):
            self.done[HELD_UP] += 1
            await self._is_over.wait()

    def shortened(self, direction: str, chunk: bytes) -> bytes:
        if not self._strikes(LOSSY, direction) or self._chance.random() < 0.7:
            return chunk
        self.done[LOSSY] += 1
        first = self._chance.randrange(len(chunk))
        return chunk[:first] + chunk[first + self._chance.randint(1, 40):]

    def slowness(self, direction: str, count: int) -> tuple[float, float]:
        """Seconds on the way, and seconds until the next bytes may follow."""
        if not self._strikes(SLOW, direction):
            return 0, 0
        self.done[SLOW] += 1
        return self.trouble.delay, count / self.trouble.bytes_a_second


class _Connection:
    def __init__(self, line: Line, subscriber: asyncio.StreamWriter):
        self.swallowed: set[str] = set()
        """The directions in which nothing will ever get through again."""
        self._line, self._writers = line, [subscriber]

    def strike(self) -> None:
        trouble = self._line.trouble
        if trouble and trouble.kind == CUT:
            self._line.done[CUT] += 1
            self.end()
        elif trouble and trouble.kind == HALF_OPEN:
            self._line.done[HALF_OPEN] += not self.swallowed
            self.swallowed.update(trouble.directions)

    def end(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def carry(self, from_subscriber: asyncio.StreamReader, publisher_port: int) -> None:
        from_publisher, publisher = await asyncio.open_connection("127.0.0.1", publisher_port)
        self._writers.append(publisher)
        if self._writers[0].transport.is_closing():
            return  # Cut while we asked the publisher.
        await asyncio.gather(self._move(from_publisher, self._writers[0], TO_SUBSCRIBER),
                             self._move(from_subscriber, publisher, TO_PUBLISHER))

    async def _move(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT_MAX)
        delivery = asyncio.create_task(self._deliver(on_the_way, writer, direction))
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        try:
            while chunk := await reader.read(CHUNK):
                delay, spacing = self._line.slowness(direction, len(chunk))
                free_at = max(free_at, loop.time()) + spacing if spacing else loop.time()
                await on_the_way.put((free_at + delay, chunk))
        except OSError:
            pass
        await on_the_way.put((free_at, b""))
        await delivery

    async def _deliver(self, on_the_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter,
                       direction: str) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await on_the_way.get()
            await self._line.wait_at_most(due - loop.time())
            await self._line.held_up(direction)
            if direction in self.swallowed:
                if not chunk:
                    return  # Nor is the end told.
            elif not chunk:
                return self.end()
            elif not writer.transport.is_closing():
                writer.write(self._line.shortened(direction, chunk))
                self._line.done["bytes"] += len(chunk)
                try:
                    await writer.drain()
                except OSError:
                    self.end()


class Lines:
    """Every line between the four services, on a thread of their own."""

    def __init__(self, publisher_ports: dict[str, int], seed: int):
        self.lines = [Line(subscriber, publisher, publisher_ports[publisher],
                           random.Random(f"{seed} {subscriber} {publisher}"))
                      for subscriber in SERVICES for publisher in SERVICES if subscriber != publisher]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Lines":
        self._thread.start()
        for line in self.lines:
            self._run(line.open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def between(self, one: str, other: str) -> list[Line]:
        """Both lines between two services; what one has missed of the other needs both to come again."""
        return [line for line in self.lines if {line.subscriber, line.publisher} == {one, other}]

    def suffer(self, lines: Iterable[Line], trouble: Trouble | None) -> None:
        """Returns when it has begun, or ended."""
        for line in lines:
            self._run(line.suffer(trouble))

    def done(self) -> Counter[str]:
        async def counted() -> Counter[str]:
            return sum((line.done for line in self.lines), Counter())
        return self._run(counted())

    def idle(self) -> list[str]:
        """Lines that have never carried anything: nobody goes over them."""
        async def named() -> list[str]:
            return [f"{line.subscriber} to {line.publisher}" for line in self.lines if not line.done["bytes"]]
        return self._run(named())

    def swallowed(self) -> int:
        """Half-open connections that are still kept by one of their ends."""
        async def counted() -> int:
            return sum(bool(connection.swallowed) for line in self.lines for connection in line.connections)
        return self._run(counted())

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, work: Coroutine):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class ProductOverLines(Product):
    """Each service finds the others at the end of a line, and listens itself where it always did."""

    def __init__(self, *arguments, seed: int, **options):
        super().__init__(*arguments, **options)
        self.lines = Lines({name: self.ports.bus(name) for name in SERVICES}, seed)

    def prepare(self) -> None:
        super().prepare()
        directory = json.loads(self.bus_directory.read_text())
        ports = {(line.subscriber, line.publisher): line.port for line in self.lines.lines}
        for name in SERVICES:
            peers = [peer if peer["service"] == name else
                     {**peer, "endpoint": f"tcp://127.0.0.1:{ports[name, peer['service']]}"}
                     for peer in directory["peers"]]
            replace(self._directory_of(name), json.dumps({**directory, "peers": peers}))

    def service_environment(self, name: str) -> dict[str, str]:
        return {**super().service_environment(name), "BUS_DIRECTORY_FILE": str(self._directory_of(name))}

    def _directory_of(self, name: str) -> Path:
        return self.state / "keys" / f"bus-of-{name}.json"

    def __enter__(self) -> "ProductOverLines":
        self.lines.__enter__()
        try:
            self.start()
        except BaseException:
            self.lines.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.lines.__exit__()
