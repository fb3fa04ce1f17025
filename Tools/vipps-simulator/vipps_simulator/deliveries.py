"""Webhook deliveries: in order per registration and payment, signed, and repeated until they are taken."""

import asyncio
import itertools
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Callable
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from .clock import http_date, iso_milliseconds
from .faults import Fault
from .model import DAY, Registration
from .signature import authorization, content_hash
from .world import World

FIRST_PAUSES = [2.0, 2.0, 2.0, 60.0, 120.0]
GIVE_UP_AFTER = 7 * DAY
DELETE_AFTER = 14 * DAY
FINISHED_KEPT = 20_000


def pause_after(attempt: int) -> float:
    """Seconds from a failed attempt (1 is the first) to the next one."""
    if attempt <= len(FIRST_PAUSES):
        return FIRST_PAUSES[attempt - 1]
    return 3600.0 if attempt < 29 else DAY


@dataclass
class Delivery:
    id: int
    registration_id: str
    order: str
    event: str
    msn: str
    reference: str | None
    body: str
    queued_at: float
    next_at: float
    forged: int | None = None
    """The fault that spoils the signature, as long as it stands."""
    state: str = "queued"
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        shown = asdict(self)
        shown["queuedAt"], shown["nextAt"] = iso_milliseconds(self.queued_at), iso_milliseconds(self.next_at)
        shown["registrationId"] = self.registration_id
        return {key: value for key, value in shown.items() if "_" not in key and not (key == "nextAt" and self.done)}

    @property
    def done(self) -> bool:
        return self.state != "queued"


class Deliveries:
    """`first_result` hears how the first attempt of each delivery went."""

    def __init__(self, world: World, first_result: Callable[["Delivery", bool], None]):
        self.world, self.first_result = world, first_result
        self._numbers = itertools.count(1)
        self._queues: dict[str, deque[Delivery]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._finished: deque[Delivery] = deque(maxlen=FINISHED_KEPT)
        self._open_gate = asyncio.Event()
        self._open_gate.set()
        self._in_flight = 0
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        # A connection of its own for each delivery: a restarted shop must not look like a failing one.
        connector = aiohttp.TCPConnector(limit=200, ttl_dns_cache=60, force_close=True)
        self._session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
        )
        for row in self.world.store.all("delivery"):
            delivery = Delivery(**{**row, "forged": None})  # Faults do not outlive the process.
            self._numbers = itertools.count(max(delivery.id + 1, next(self._numbers)))
            self._queue(delivery, delivery.order)

    async def stop(self) -> None:
        await self.forget()
        if self._session is not None:
            await self._session.close()

    async def forget(self) -> None:
        """Drops all that waits."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._queues.clear()
        self._workers.clear()
        self._finished.clear()
        self._open_gate.set()

    # Taking in

    def publish(self, event: str, msn: str, order: str, reference: str | None, body: str) -> int:
        """Queues the event for every registration it concerns; the number of them."""
        targets = self._targets(event, msn)
        for registration in targets:
            self._take(registration, event, msn, order, reference, body)
        return len(targets)

    def _targets(self, event: str, msn: str) -> list[Registration]:
        owners = self.world.key_sets_of(msn)
        found = [
            registration for registration in self.world.registrations.values()
            if event in registration.events
            and (registration.msn == msn or (registration.msn is None and registration.key_set in owners))
        ]
        if event == "user.checked-in.v1":
            # One shop hears of a check-in: the sales unit's own registration wins over the partner's.
            found.sort(key=lambda registration: registration.msn is None)
            return found[:1]
        return found

    def _take(
        self, registration: Registration, event: str, msn: str, order: str, reference: str | None, body: str
    ) -> None:
        now = self.world.clock.now()
        faults = {fault.kind: fault for fault in self.world.faults.striking_event(event, reference, msn)}
        copies = int(faults["webhook-repeat"].times) if "webhook-repeat" in faults else 1
        for _ in range(max(1, copies)):
            delivery = Delivery(
                next(self._numbers), registration.id, f"{registration.id}/{order}", event, msn, reference, body, now,
                now, faults["webhook-forge"].id if "webhook-forge" in faults else None,
            )
            if "webhook-lose" in faults:
                self._finish(delivery, "lost")
                continue
            self._spoil_timing(delivery, faults)
            self._save(delivery)
            self._queue(delivery, delivery.order)

    @staticmethod
    def _spoil_timing(delivery: Delivery, faults: dict[str, Fault]) -> None:
        if "webhook-delay" in faults:
            delivery.next_at += faults["webhook-delay"].seconds
        if "webhook-shuffle" in faults:
            # A queue of its own and a moment of its own: the order is gone.
            delivery.next_at += faults["webhook-shuffle"].random_seconds()
            delivery.order += f"/{delivery.id}"

    def _queue(self, delivery: Delivery, order: str) -> None:
        self._queues.setdefault(order, deque()).append(delivery)
        if order not in self._workers:
            self._workers[order] = asyncio.get_running_loop().create_task(self._work(order))

    # Sending

    async def _work(self, order: str) -> None:
        """Empties one queue. The head blocks what is behind it, as Vipps does."""
        queue = self._queues[order]
        try:
            while queue:
                delivery = queue[0]
                await self._due(delivery)
                registration = self.world.registrations.get(delivery.registration_id)
                if registration is None:
                    self._finish(delivery, "dropped")
                elif await self._attempt(delivery, registration):
                    self._finish(delivery, "delivered")
                elif self.world.clock.now() - delivery.queued_at >= GIVE_UP_AFTER:
                    self._finish(delivery, "expired")
                if delivery.done:
                    queue.popleft()
        finally:
            if self._workers.get(order) is asyncio.current_task():
                self._queues.pop(order, None)
                self._workers.pop(order, None)

    async def _due(self, delivery: Delivery) -> None:
        while True:
            await self._open_gate.wait()
            if delivery.next_at <= self.world.clock.now():
                return
            await self.world.clock.sleep_until(delivery.next_at)

    async def _attempt(self, delivery: Delivery, registration: Registration) -> bool:
        self._in_flight += 1
        started = self.world.clock.now()
        try:
            status, error = await self._post(delivery, registration, started)
        finally:
            self._in_flight -= 1
        success = status is not None and 200 <= status < 300
        delivery.attempts.append({"time": iso_milliseconds(started), "status": status, "error": error})
        if len(delivery.attempts) == 1:
            self.first_result(delivery, success)
        self._note_health(registration, success)
        if not success:
            pause = pause_after(len(delivery.attempts)) * self.world.settings.webhookBackoffScale
            delivery.next_at = self.world.clock.now() + pause
            self._save(delivery)
        return success

    async def _post(
        self, delivery: Delivery, registration: Registration, now: float
    ) -> tuple[int | None, str | None]:
        body = delivery.body.encode()
        limit = aiohttp.ClientTimeout(total=self.world.settings.webhookTimeoutSeconds)
        assert self._session is not None
        try:
            async with self._session.post(
                URL(registration.url, encoded=True), data=body,
                headers=headers(registration, body, now, self.world.faults.stands(delivery.forged)),
                allow_redirects=False,
                ssl=not is_loopback(registration.url), timeout=limit,
            ) as response:
                return response.status, None
        except asyncio.TimeoutError:
            return None, "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, type(error).__name__

    def _note_health(self, registration: Registration, success: bool) -> None:
        now = self.world.clock.now()
        if success and registration.failing_since is not None:
            registration.failing_since = None
        elif not success and registration.failing_since is None:
            registration.failing_since = now
        elif not success and now - registration.failing_since >= DELETE_AFTER:
            self.world.registrations.pop(registration.id, None)
            self.world.delete(registration)
            return
        else:
            return
        self.world.save(registration)

    def _finish(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        self._finished.append(delivery)
        self.world.store.put("delivery", f"{delivery.id:012d}", None)
        self.world.remember()

    def _save(self, delivery: Delivery) -> None:
        if self.world.store.durable:
            self.world.store.put("delivery", f"{delivery.id:012d}", asdict(delivery))
            self.world.remember()

    # Looking and steering

    def hold(self, held: bool) -> None:
        if held:
            self._open_gate.clear()
        else:
            self._open_gate.set()

    @property
    def held(self) -> bool:
        return not self._open_gate.is_set()

    def all(self) -> list[Delivery]:
        waiting = [delivery for queue in self._queues.values() for delivery in queue if not delivery.done]
        return sorted([*self._finished, *waiting], key=lambda delivery: delivery.id)

    def settled(self) -> bool:
        """Nothing in flight and, unless delivery is stopped, nothing due."""
        if self._in_flight:
            return False
        now = self.world.clock.now()
        return self.held or not any(queue and queue[0].next_at <= now for queue in self._queues.values())


def headers(registration: Registration, body: bytes, now: float, forged: bool) -> dict[str, str]:
    url = urlsplit(registration.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    date, host = http_date(now), authority(registration.url)
    secret = registration.secret if not forged else registration.secret[::-1]
    signed = authorization(secret, path, date, host, body)
    return {
        "Content-Type": "application/json; charset=utf-8", "Host": host, "X-Ms-Date": date,
        "X-Ms-Content-Sha256": content_hash(body), "Authorization": signed, "X-Vipps-Authorization": signed,
        "Webhook-Id": registration.id, "User-Agent": "Vipps MobilePay/1.0 Webhooks/1.0",
    }


def authority(url: str) -> str:
    """Host, with the port if it is not the scheme's own."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")
