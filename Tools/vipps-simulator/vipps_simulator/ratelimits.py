"""Calls per minute and reference. Counted even when the limits are switched off."""

from collections import deque
from typing import Any

from .clock import iso_milliseconds

LIMITS = {"create": 5, "capture": 5, "cancel": 5, "refund": 5, "get": 120, "events": 120}
WINDOW = 60.0


class RateLimits:
    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, str], deque[float]] = {}
        self.violations: deque[dict[str, Any]] = deque(maxlen=10_000)

    def exceeded(self, operation: str, reference: str, scope: str, now: float) -> int | None:
        """Counts the call; seconds to wait if it is one too many. A refused call is not counted again."""
        limit = LIMITS.get(operation)
        if limit is None:
            return None
        calls = self._calls.setdefault((operation, reference, scope), deque(maxlen=limit))
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        if len(calls) < limit:
            calls.append(now)
            self._forget_old(now)
            return None
        self.violations.append({
            "time": iso_milliseconds(now), "operation": operation, "reference": reference, "scope": scope,
            "limit": limit,
        })
        return max(1, int(calls[0] + WINDOW - now + 0.999))

    def _forget_old(self, now: float) -> None:
        if len(self._calls) > 50_000:
            self._calls = {key: calls for key, calls in self._calls.items() if calls and calls[-1] > now - WINDOW}
