"""Every drill on real processes in its short form, with a seed that holds it still."""

import pytest

from drills.figures import report
from launcher.drills import DRILLS, measured, options_of

SHORT: dict[str, list[str]] = {
    "lost-writes": ["--cuts", "8"],
    "failing-disk": ["--rounds", "6", "--seconds", "2"],
    "kill-storm": ["--kills", "20"],
    "cut-network": ["--seconds", "15", "--rounds", "1", "--longest", "5"],
    "vipps-at-worst": ["--seconds", "10", "--rounds", "1", "--silence", "3"],
    "flood": ["--waiting", "20", "--poisoned", "5", "--samples", "4", "--no-judge"],
    "clock": ["--rounds", "2", "--jumps", "10"],
    "strangers": ["--rounds", "1", "--share", "0.1", "--fuzz", "120", "--lies", "3", "--parts", "webhooks", "roles",
                  "tenants", "guessing", "requests", "bus", "lies"],
}
SEED = 7


@pytest.mark.parametrize("name", DRILLS)
def test_finds_nothing_lost_doubled_or_leaked(name):
    figures = measured(name, options_of(name).parse_args(["--seed", str(SEED), *SHORT[name]]))
    report(figures)
    assert figures.violations == []
    assert figures.rounds > 0
