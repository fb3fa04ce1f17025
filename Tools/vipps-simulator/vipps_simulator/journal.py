"""Every call the API was asked, to be read back by tests."""

import itertools
from collections import deque
from typing import Any

KEPT = 50_000


class Journal:
    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def begin(self, **entry: Any) -> dict[str, Any]:
        """The entry is completed by its caller while the call goes on."""
        begun = {"id": next(self._numbers), **entry, "status": None, "replySent": None}
        self._entries.append(begun)
        return begun

    def find(self, filters: dict[str, str], since: int, limit: int) -> list[dict[str, Any]]:
        """The newest `limit` entries after number `since` whose fields equal the filters, oldest first."""
        found: list[dict[str, Any]] = []
        for entry in reversed(self._entries):
            if entry["id"] <= since or len(found) >= limit:
                break
            if all(str(entry.get(name)) == value for name, value in filters.items()):
                found.append(entry)
        return found[::-1]

    def clear(self) -> None:
        self._entries.clear()
