"""The backup tool's refusals, on files of the bus's own making: each says what is wrong and what to do."""

import fcntl
import shutil
import sqlite3
from contextlib import closing

import pytest

from launcher.backup import main, take, way_forward
from launcher.backup_files import MANIFEST, Backup, misfits, restore
from launcher.errors import LauncherError
from launcher.product import DATABASES

STREAM = "pos.sales"


def make_file(path, epoch="one", told=0, heard=0, heard_epoch="one", first=1):
    """A service's file: it has told `told` messages of a stream, and heard `heard` of pos-service's."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript("""
            CREATE TABLE bus_identity (only INTEGER PRIMARY KEY, epoch TEXT NOT NULL);
            CREATE TABLE bus_outbox_stream (stream TEXT PRIMARY KEY, last_sequence INTEGER, last_message_id TEXT);
            CREATE TABLE bus_outbox (position INTEGER PRIMARY KEY, stream TEXT, sequence INTEGER);
            CREATE TABLE bus_cursor (publisher TEXT, stream TEXT, epoch TEXT, sequence INTEGER, message_id TEXT);
            CREATE TABLE bus_restored (restored_at REAL NOT NULL, is_heeded INTEGER NOT NULL DEFAULT 0);
        """)
        database.execute("INSERT INTO bus_identity VALUES (1, ?)", (epoch,))
        if told:
            database.execute("INSERT INTO bus_outbox_stream VALUES (?, ?, 'x')", (STREAM, told))
            database.executemany("INSERT INTO bus_outbox (stream, sequence) VALUES (?, ?)",
                                 [(STREAM, number) for number in range(first, told + 1)])
        if heard:
            database.execute("INSERT INTO bus_cursor VALUES ('pos-service', ?, ?, ?, 'x')", (STREAM, heard_epoch, heard))
        database.commit()


def make_backup(folder, told=10, heard=8):
    folder.mkdir()
    for service in DATABASES:
        is_pos = service == "pos-service"
        make_file(folder / f"{service}.sqlite", told=told if is_pos else 0,
                  heard=heard if service == "financial-service" else 0)
    backup = Backup(folder)
    backup.seal()
    return backup


@pytest.fixture
def backup(tmp_path):
    return make_backup(tmp_path / "evening")


def refused(*words, by):
    with pytest.raises(LauncherError) as refusal:
        by()
    for word in words:
        assert word in str(refusal.value), str(refusal.value)


def test_a_backup_is_put_back_whole_and_marked(backup, tmp_path):
    data = tmp_path / "data"
    assert restore(backup, data) == []
    for name in DATABASES.values():
        assert (data / name).stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(data / name)) as database:
            assert database.execute("SELECT count(*), max(is_heeded) FROM bus_restored").fetchone() == (1, 0)
    backup.check()  # The copies themselves are as they were.


def test_what_was_there_is_kept_beside_with_its_log(backup, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for ending in ("", "-wal", "-shm"):
        (data / f"pos.sqlite{ending}").write_text("old" + ending)
    restore(backup, data)
    assert not (data / "pos.sqlite-wal").exists()
    kept = sorted(path.read_text() for path in data.glob("pos.sqlite.before-restore-*"))
    assert kept == ["old", "old-shm", "old-wal"]


def test_a_name_that_leads_elsewhere_is_refused_before_anybody_is_asked(tmp_path):
    for name in ("", "../evening", "a/b", ".hidden", "a" * 65, "evening\n"):
        refused("must be 1 to 64", by=lambda name=name: take(None, name, tmp_path))


def test_a_running_service_is_not_pulled_the_file_from_under(backup, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "gateway.sqlite").write_text("its own")
    with open(data / "gateway.sqlite.lock", "w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused("vipps-gateway is running (process 4711", "Stop it first", by=lambda: restore(backup, data))
        refused("vipps-gateway is running", by=lambda: restore(backup, data, "vipps-gateway"))
        assert restore(backup, data, "notification-relay") == []
    assert (data / "gateway.sqlite").read_text() == "its own"
    assert not (data / "pos.sqlite").exists(), "nothing may be changed when one runs"


def test_a_damaged_file_is_refused_and_nothing_is_changed(backup, tmp_path):
    file = backup.file("pos-service")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused("is not the file that was taken", by=lambda: restore(backup, tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_files_of_two_backups_are_refused(backup, tmp_path):
    other = make_backup(tmp_path / "morning", told=5, heard=5)
    shutil.copy(other.file("pos-service"), backup.file("pos-service"))
    refused("comes from another backup", "--only", by=backup.check)


def test_a_missing_file_or_manifest_is_refused(backup):
    backup.file("notification-relay").unlink()
    refused("is missing", by=backup.check)
    (backup.folder / MANIFEST).unlink()
    refused("is no whole backup", by=backup.check)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"services": {"pos-service": 1}}', "{\"services\": {}}"])
def test_a_manifest_that_says_nothing_is_refused(backup, text):
    (backup.folder / MANIFEST).write_text(text)
    refused("manifest.json", by=backup.check)


def test_copies_that_do_not_fit_together_are_no_backup(tmp_path):
    """As without the hold: a subscriber has heard what its publisher's copy does not hold."""
    with pytest.raises(LauncherError, match="applied up to 11, and the publisher's file ends at 10"):
        make_backup(tmp_path / "evening", told=10, heard=11)
    assert not (tmp_path / "evening" / MANIFEST).exists()


def test_one_older_file_names_the_streams_and_the_way_forward(backup, tmp_path):
    data = tmp_path / "data"
    restore(backup, data)
    for name, changes in (("pos.sqlite", f"UPDATE bus_outbox_stream SET last_sequence = 15 WHERE stream = '{STREAM}'"),
                          ("financial.sqlite", "UPDATE bus_cursor SET sequence = 15")):
        with closing(sqlite3.connect(data / name)) as database:
            database.execute(changes)
            database.commit()
    found = restore(backup, data, "pos-service")
    assert [(one.subscriber, one.publisher, one.stream) for one in found] == [
        ("financial-service", "pos-service", STREAM)]
    words = way_forward(backup.folder, "pos-service", found, [])
    assert f"Tools/backup accept {backup.folder} --only pos-service" in words
    assert "catches up by itself" in way_forward(backup.folder, "notification-relay",
                                                 restore(backup, data, "notification-relay"), [])


def test_a_file_that_is_too_old_to_catch_up_is_not_accepted_but_restored_with_the_others(tmp_path):
    data = tmp_path / "data"
    backup = make_backup(tmp_path / "evening", told=10, heard=3)
    restore(backup, data)
    with closing(sqlite3.connect(data / "pos.sqlite")) as database:
        database.execute("DELETE FROM bus_outbox WHERE sequence < 7")
        database.commit()
    found = restore(backup, data, "financial-service")
    assert "has removed everything before 7" in found[0].words
    assert "restore all four files" in way_forward(backup.folder, "financial-service", found, [])


def test_another_outbox_does_not_fit(tmp_path):
    for service, made in {"pos-service": {"told": 3}, "financial-service": {"heard": 3, "heard_epoch": "two"}}.items():
        make_file(tmp_path / service, **made)
    from launcher.backup_files import Holdings
    files = {service: Holdings.of(service, tmp_path / service) for service in ("pos-service", "financial-service")}
    assert "another outbox" in misfits(files)[0].words


def test_the_command_ends_with_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["backup", "restore", str(tmp_path / "nowhere"), "--into", str(tmp_path / "data")])
    assert main() == 1
    assert "is no whole backup" in capsys.readouterr().out
