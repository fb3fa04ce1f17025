"""Growing logs: shown line by line, and cut before they fill the disk."""

from pathlib import Path

from launcher import following
from launcher.following import Follower


def follow(path: Path) -> tuple[Follower, list[str]]:
    lines: list[str] = []
    return Follower({"pos-service": path}, lambda name, line: lines.append(f"{name}: {line}")), lines


def test_whole_lines_are_shown_once_and_half_ones_when_they_are_whole(tmp_path: Path):
    log = tmp_path / "pos-service.log"
    log.write_text("of the last run\n")
    follower, lines = follow(log)
    with open(log, "a") as file:
        file.write("one\ntw")
        file.flush()
        follower.catch_up()
        assert lines == ["pos-service: one"]
        file.write("o\n")
    follower.catch_up()
    follower.catch_up()
    assert lines == ["pos-service: one", "pos-service: two"]


def test_a_log_that_appears_later_is_shown_from_its_beginning(tmp_path: Path):
    follower, lines = follow(tmp_path / "pos-service.log")
    follower.catch_up()
    (tmp_path / "pos-service.log").write_text("first\n")
    follower.catch_up()
    assert lines == ["pos-service: first"]


def test_a_large_log_is_put_aside_and_goes_on_empty(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(following, "LARGEST_LOG", 100)
    log = tmp_path / "pos-service.log"
    follower, lines = follow(log)
    with open(log, "a") as file:
        file.write("x" * 150 + "\n")
        file.flush()
        follower.catch_up()
        assert log.stat().st_size == 0
        assert (tmp_path / "pos-service.log.1").stat().st_size == 151
        file.write("after\n")
    follower.catch_up()
    assert lines[-1] == "pos-service: after"
