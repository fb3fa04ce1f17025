"""Keeps things across a restart: a table of JSON documents in SQLite, or nothing at all."""

import json
import os
import sqlite3
from typing import Any


class Store:
    """Collects changes and writes them in one transaction; without a folder it only forgets them."""

    def __init__(self, folder: str | None):
        self._changes: dict[tuple[str, str], str | None] = {}
        self._database: sqlite3.Connection | None = None
        if folder:
            os.makedirs(folder, exist_ok=True)
            self._database = sqlite3.connect(os.path.join(folder, "simulator.sqlite"), isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            # A killed process loses nothing; only a power cut could, which is no concern of a simulator.
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS things"
                " (kind TEXT, id TEXT, json TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
            )

    @property
    def durable(self) -> bool:
        return self._database is not None

    def put(self, kind: str, identifier: str, thing: dict[str, Any] | None) -> None:
        """`None` deletes."""
        if self._database is not None:
            self._changes[kind, identifier] = None if thing is None else json.dumps(thing)

    def flush(self) -> None:
        if not self._changes or self._database is None:
            return
        changes, self._changes = self._changes, {}
        self._database.execute("BEGIN")
        for (kind, identifier), text in changes.items():
            if text is None:
                self._database.execute("DELETE FROM things WHERE kind = ? AND id = ?", (kind, identifier))
            else:
                self._database.execute("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", (kind, identifier, text))
        self._database.execute("COMMIT")

    def all(self, kind: str) -> list[dict[str, Any]]:
        if self._database is None:
            return []
        rows = self._database.execute("SELECT json FROM things WHERE kind = ? ORDER BY id", (kind,))
        return [json.loads(text) for (text,) in rows]

    def clear(self) -> None:
        self._changes.clear()
        if self._database is not None:
            self._database.execute("DELETE FROM things")

    def close(self) -> None:
        if self._database is not None:
            self.flush()
            self._database.close()
            self._database = None
