"""A clock that can be turned, and the timers that follow it."""

import asyncio
import heapq
import itertools
import time
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Callable


class Timer:
    """Something due at a moment; `cancel` makes it nothing."""

    __slots__ = ("due", "action")

    def __init__(self, due: float, action: Callable[[], None]):
        self.due = due
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Clock:
    """Seconds since 1970. Runs with the real time plus an offset, or stands still when frozen."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen_at: float | None = None
        self._firing_at: float | None = None
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._turned = asyncio.Event()
        self._sleepers: set[asyncio.Future[None]] = set()

    @property
    def offset(self) -> float:
        return self._offset

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> float:
        """The moment it is; inside a timer's action the moment that timer was due."""
        return self._firing_at if self._firing_at is not None else self._reading()

    def _reading(self) -> float:
        return self._frozen_at if self._frozen_at is not None else time.time() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds
        if self._frozen_at is not None:
            self._frozen_at += seconds
        self._moved()

    def set(self, moment: float) -> None:
        self.advance(moment - self._reading())

    def freeze(self, frozen: bool) -> None:
        if frozen and self._frozen_at is None:
            self._frozen_at = self._reading()
        elif not frozen and self._frozen_at is not None:
            self._offset = self._frozen_at - time.time()
            self._frozen_at = None
        self._moved()

    def back_to_real(self) -> None:
        self._offset, self._frozen_at = 0.0, None
        self._moved()

    def restore(self, offset: float) -> None:
        self._offset = offset

    def at(self, due: float, action: Callable[[], None]) -> Timer:
        timer = Timer(due, action)
        heapq.heappush(self._timers, (due, next(self._order), timer))
        self._turned.set()
        return timer

    async def sleep_until(self, due: float) -> None:
        if due <= self.now():
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.at(due, lambda: reached.done() or reached.set_result(None))
        self._sleepers.add(reached)
        try:
            await reached
        finally:
            self._sleepers.discard(reached)
            timer.cancel()

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    def forget_timers(self) -> None:
        """Nothing is due any more; who slept is woken."""
        self._timers.clear()
        for reached in self._sleepers:
            if not reached.done():
                reached.set_result(None)

    def _moved(self) -> None:
        self.fire_due()
        self._turned.set()

    def fire_due(self) -> None:
        """Runs all that is due, in the order in which it was due, as if no time had been skipped."""
        reached = self._reading()
        try:
            while self._timers and self._timers[0][0] <= reached:
                due, _, timer = heapq.heappop(self._timers)
                if timer.action is not None:
                    self._firing_at = due
                    timer.action()
        finally:
            self._firing_at = None

    async def run(self) -> None:
        """Fires timers as the time comes; one task for the whole process."""
        while True:
            self._turned.clear()
            self.fire_due()
            wait = None
            if self._timers and not self.frozen:
                wait = max(0.0, self._timers[0][0] - self._reading())
            try:
                await asyncio.wait_for(self._turned.wait(), wait)
            except asyncio.TimeoutError:
                pass


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)


def iso_milliseconds(moment: float) -> str:
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03d}Z"


def iso_ticks(moment: float) -> str:
    """Up to seven fractional digits without trailing zeros, as the event log writes them."""
    digits = f"{int(round((moment % 1) * 1_000_000)) % 1_000_000:06d}".rstrip("0")
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}Z" if digits else "Z")


def iso_offset(moment: float) -> str:
    return iso_milliseconds(moment)[:-1] + "+00:00"


def http_date(moment: float) -> str:
    return formatdate(moment, usegmt=True)


def parse_iso(text: str) -> float:
    """RFC 3339 with an offset; raises ValueError."""
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("the time needs an offset, for example 2026-12-01T10:00:00Z")
    return moment.timestamp()
