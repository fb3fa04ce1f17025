"""What the documents promise can be followed: the tests, drills, files and commands that they name are there."""

import re

import pytest

from launcher import paths
from launcher.drills import DRILLS

DOCUMENTS = sorted([*paths.REPOSITORY.glob("*.md"), *paths.REPOSITORY.glob("docs/*.md"), *paths.REPOSITORY.glob("decisions/*.md")])
BUTTONS = {"Register webhook", "deactivate", "processed sales"}
"""Of the interface, not of the tests."""


def test_every_test_that_security_promises_by_name_is_there():
    text = " ".join((paths.REPOSITORY / "docs" / "security.md").read_text().split())
    named = set(re.findall(r"(?<![*\w])\*([^*]+)\*(?!\*)", text)) - BUTTONS
    tests = "".join(file.read_text() for kind in ("swift", "py") for file in paths.REPOSITORY.glob(f"Tests/**/*.{kind}"))
    assert len(named) > 15 and [name for name in sorted(named) if name not in tests] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_command_leads_somewhere(document):
    text = document.read_text()
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:", link)]
    missing = [link for link in links if link and not (document.parent / link).exists()]
    missing += [name for name in set(re.findall(r"`(Tests/[\w./]+|Tools/[\w-]+)", text))
                if not (paths.REPOSITORY / name.rstrip(".")).exists()]
    missing += [f"Tools/drill {name}" for name in set(re.findall(r"^ {4}Tools/drill ([a-z-]+)", text, re.M))
                if name not in ["simulation", "sabotages", *DRILLS]]
    assert missing == []
