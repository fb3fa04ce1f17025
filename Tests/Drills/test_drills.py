"""The drills on real processes in their short form, with a seed that holds them still. How long things take with the flood is
judged by hand: no test is timed."""

import pytest

from drills.figures import report
from launcher.drills import measured, options_of

SHORT: dict[str, list[str]] = {
    "lost-writes": ["--cuts", "8"],
    "failing-disk": ["--rounds", "6", "--seconds", "2"],
    "backup": ["--rounds", "2", "--sales", "4", "--at-once", "6", "--restore", "all four", "vipps-gateway"],
    "kill-storm": ["--kills", "20"],
    "cut-network": ["--seconds", "15", "--rounds", "1", "--longest", "5"],
    "vipps-at-worst": ["--seconds", "10", "--rounds", "1", "--silence", "3"],
    "flood": ["--waiting", "40", "--poisoned", "12", "--samples", "16", "--no-judge"],
    "clock": ["--rounds", "1", "--jumps", "12"],
    "strangers": ["--rounds", "1", "--share", "0.1", "--fuzz", "120", "--lies", "3", "--parts", "webhooks", "roles",
                  "tenants", "guessing", "requests", "bus", "lies"],
}
SEED = 7


@pytest.mark.parametrize("name", SHORT)
def test_finds_nothing_lost_doubled_or_leaked(name):
    figures = measured(name, options_of(name).parse_args(["--seed", str(SEED), *SHORT[name]]))
    report(figures)
    assert figures.violations == []
    assert figures.rounds > 0
