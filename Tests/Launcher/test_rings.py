"""Counting: what a run comes to, and that nothing passes by not being there."""

import subprocess
import sys
from pathlib import Path

import pytest

from launcher import building, rings
from launcher.rings import Outcome, Ring


def test_the_last_line_stands_alone_and_counts_all_rings(capsys):
    assert rings.report({"swift": Outcome(passed=10), "launcher": Outcome(passed=5)}) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "15 passed, 0 failed"


@pytest.mark.parametrize("outcome, line", [
    (Outcome(passed=3, failed=2), "3 passed, 2 failed"), (Outcome(passed=3, skipped=1), "3 passed, 1 failed"),
    (Outcome(), "0 passed, 0 failed")])
def test_failed_skipped_and_empty_runs_fail(outcome, line, capsys):
    assert rings.report({"swift": outcome}) == 1
    assert capsys.readouterr().out.splitlines()[-1] == line


def test_a_missing_ring_fails():
    outcome = rings.run_ring(Ring("none", "nothing", 1, False, "Tests/DoesNotExist"), None)
    assert (outcome.failed, outcome.remark) == (1, "Tests/DoesNotExist is missing")


def test_a_ring_without_tests_fails():
    assert rings.judge(Outcome(), 0, "ended with 0").failed == 1


def test_a_bad_end_without_a_failed_test_is_a_failure():
    assert rings.judge(Outcome(passed=4), 1, "crashed") == Outcome(passed=4, failed=1, remark="crashed")


def test_after_a_failed_build_what_needs_it_is_not_run():
    ran = []

    def run(ring, test_filter):
        ran.append(ring.name)
        return Outcome(failed=1) if ring.name == "build" else Outcome(passed=1)

    outcomes = rings.run_rings(rings.RINGS, run=run)
    assert ran == ["format", "build", "simulator", "launcher"]
    assert outcomes["system"].remark == "not run: the build failed"
    assert set(outcomes) == {ring.name for ring in rings.RINGS}


def test_choosing_a_ring_brings_the_build_it_needs():
    by_name = {ring.name: ring for ring in rings.RINGS}
    assert [ring.name for ring in rings._with_build([by_name["system"]], False)] == ["build", "system"]
    assert [ring.name for ring in rings._with_build([by_name["system"]], True)] == ["system"]
    assert [ring.name for ring in rings._with_build([by_name["launcher"]], False)] == ["launcher"]


def test_junit_files_are_counted(tmp_path: Path):
    file = tmp_path / "r.xml"
    file.write_text('<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase>'
                    '<testcase name="c"><skipped/></testcase><testcase name="d"><error/></testcase></testsuite></testsuites>')
    assert rings.count(file) == Outcome(passed=1, failed=2, skipped=1)
    file.write_text("<testsuites>")
    assert rings.count(file) == Outcome()


def test_all_rings_together_stay_within_ninety_minutes():
    assert sum(ring.minutes for ring in rings.RINGS) <= 90


def test_a_failed_build_shows_its_errors_without_repetition():
    lines = ["[1/3] Compiling A", "A.swift:1:2: error: no", "A.swift:1:2: error: no", "B.swift:9:9: error: yes"]
    assert building.last_errors(lines) == ["A.swift:1:2: error: no", "B.swift:9:9: error: yes"]
    assert building.last_errors(["x", "y"]) == ["x", "y"]


def test_a_ring_whose_time_is_over_leaves_no_process_behind_not_even_one_in_a_group_of_its_own():
    leader = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, time; subprocess.Popen(['sleep', '600'], process_group=0); print(1, flush=True); "
         "time.sleep(600)"], stdout=subprocess.PIPE, start_new_session=True)
    leader.stdout.readline()
    assert len(rings.session_of(leader.pid)) == 2
    rings._end_session(leader, None)
    assert rings.session_of(leader.pid) == []
    leader.wait()
