"""The list of sabotages keeps up with the source: each edit still has its one place."""

import pytest

from drills.sabotages import SABOTAGES, edited
from launcher import paths
from launcher.drills import DRILLS


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: one.name)
def test_each_edit_finds_its_place_and_its_drill(sabotage):
    for file, old, new in sabotage.edits:
        text = (paths.REPOSITORY / file).read_text()
        assert edited(text, old, new, file) != text
    assert sabotage.drill in DRILLS


def test_there_are_at_least_ten():
    assert len(SABOTAGES) >= 10
