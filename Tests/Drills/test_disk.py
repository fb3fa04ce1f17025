"""The drill's disk itself: what was synced stays, what was not goes, and a full or failing disk says so."""

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from drills import lost_writes
from drills.disk import FILE_SYNCS, SYNCS, WRITES, Disks
from launcher.drills import measured, options_of

WRITER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute(f"PRAGMA synchronous = {sys.argv[2]}")
database.execute("CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, text BLOB)")
for number in range(int(sys.argv[3])):
    try:
        database.execute("INSERT INTO line (text) VALUES (zeroblob(3000))")
        print("kept", flush=True)
    except sqlite3.Error as error:
        print(error, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Writer:
    """Writes lines to a database on a disk of its own, and is killed."""

    def __init__(self, folder):
        self.disks, self.database = Disks(folder / "disks"), folder / "pos.sqlite"
        self.disk = self.disks["pos-service"]

    def write(self, lines: int, synchronous: str = "FULL") -> list[str]:
        environment = {**os.environ, **self.disks.environment, "DATABASE_PATH": str(self.database)}
        words = [sys.executable, "-c", WRITER, str(self.database), synchronous, str(lines)]
        return subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def lines(self) -> int:
        with closing(sqlite3.connect(self.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return database.execute("SELECT count(*) FROM line").fetchone()[0]

    def cut_power(self, chance: random.Random | None = None) -> None:
        self.disk.cut_power(self.database, chance)


@pytest.fixture
def writer(tmp_path):
    return Writer(tmp_path)


@pytest.mark.parametrize("chance", [None, random.Random(7)])
def test_what_was_synced_outlives_a_power_cut(writer, chance):
    assert writer.write(2000).count("kept") == 2000
    writer.cut_power(chance)
    assert writer.lines() == 2000


def test_what_was_not_synced_is_gone(writer):
    writer.write(100)
    writer.write(10, synchronous="NORMAL")
    writer.cut_power()
    assert writer.lines() == 100


def test_a_disk_that_lies_about_its_syncs_loses_everything(writer):
    writer.disk.swallow_syncs(1_000_000)
    writer.write(100)
    writer.cut_power()
    assert not writer.database.exists() or writer.database.stat().st_size == 0


def test_a_full_disk_refuses_and_takes_again_when_there_is_space(writer):
    writer.write(10)
    writer.disk.limit(20_000)
    answers = writer.write(20)
    assert answers[-1] == "database or disk is full"
    writer.disk.mend()
    assert writer.write(10) == ["kept"] * 10
    writer.cut_power()
    assert writer.lines() == 20 + answers.count("kept")


@pytest.mark.parametrize("kinds", [WRITES, SYNCS, WRITES | SYNCS])
def test_a_failing_disk_keeps_what_was_acknowledged(writer, kinds):
    writer.write(10)
    writer.disk.fail(40, kinds)
    answers = writer.write(200)
    assert "disk I/O error" in answers and "kept" in answers
    writer.disk.mend()
    writer.cut_power(random.Random(7))
    assert writer.lines() >= 10 + answers.count("kept")


def test_what_a_failed_sync_left_behind_is_not_brought_by_a_later_one(writer):
    """As on Linux. So who reads it after a restart reads what may never have reached the disk."""
    writer.write(10)
    writer.disk.fail(1, SYNCS)
    assert writer.write(1) == ["disk I/O error"]
    writer.disk.mend()
    writer.write(10)  # Reopened, the line of the failed commit is found, and others follow it in the log.
    writer.cut_power()
    assert writer.lines() == 10


CHECKPOINTER = """
import os, signal, sqlite3, sys
database, reader = (sqlite3.connect(sys.argv[1], isolation_level=None) for _ in range(2))
checkpoint = lambda: database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
for setting in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
    database.execute("PRAGMA " + setting)
database.execute("CREATE TABLE line (number INTEGER PRIMARY KEY, text BLOB)")
for number in range(50):
    database.execute("INSERT INTO line (text) VALUES (zeroblob(3000))")
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM line").fetchone()
database.execute("INSERT INTO line (text) VALUES (zeroblob(3000))")
_, log, copied = checkpoint()
assert copied < log, "the reader was not in the way"
reader.execute("COMMIT")
print("ready", flush=True)
sys.stdin.readline()
try:
    checkpoint()
except sqlite3.OperationalError as error:
    print(error, flush=True)
sys.stdin.readline()
checkpoint()
database.execute("INSERT INTO line (text) VALUES (zeroblob(3000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_goes_on_after_its_file_could_not_be_synced_damages_it(writer):
    """Why the product ends then (decision 0005): this is SQLite alone, and the day it goes well the decision may go."""
    environment = {**os.environ, **writer.disks.environment, "DATABASE_PATH": str(writer.database)}
    with subprocess.Popen([sys.executable, "-c", CHECKPOINTER, str(writer.database)], env=environment, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        writer.disk.fail(1, FILE_SYNCS)
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "disk I/O error\n"
        writer.disk.mend()
        print(file=process.stdin, flush=True)
    writer.cut_power()
    try:
        found = writer.lines()
    except (sqlite3.DatabaseError, AssertionError):
        found = 0
    assert found < 52


@pytest.mark.parametrize("sabotage", lost_writes.SABOTAGES)
def test_the_drill_notices_a_disk_that_lies(sabotage):
    figures = measured("lost-writes", options_of("lost-writes").parse_args(["--seed", "7", "--sabotage", sabotage]))
    assert figures.violations == []
    assert str(figures.more[f"sabotage {sabotage}"]).startswith("caught")
