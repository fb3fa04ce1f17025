"""What browsers load is made small, and stays whole."""

import re

import pytest

from launcher import assets
from launcher.errors import LauncherError


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setattr(assets.paths, "ASSETS", tmp_path)
    assets.minify()
    return lambda name: (tmp_path / name).read_text()


def test_a_script_loses_comments_and_long_names_and_keeps_what_the_page_is_written_for(made):
    script, source = made("app.js"), (assets.RESOURCES / "app.js").read_text()
    assert len(script) < len(source) / 2 and "/**" not in script
    for word in re.findall(r'\bon\("([^"]+)"', source):
        assert f'"{word}"' in script, word


def test_a_stylesheet_keeps_every_colour_and_every_class_and_has_its_lengths_in_place(made):
    style, source = made("app.css"), re.sub(r"/\*.*?\*/", "", (assets.RESOURCES / "app.css").read_text(), flags=re.S)
    assert "var(--space" not in style and "--space" not in style and "padding:.5rem" in style
    assert set(re.findall(r"var\((--[a-z-]+)\)", style)) <= set(re.findall(r"(--[a-z-]+):", style))
    names = set(re.findall(r"\.[a-z][a-z-]+", re.sub(r"\{[^{}]*\}", "", source)))
    assert len(names) > 100 and names <= set(re.findall(r"\.[a-z][a-z-]+", style))


def test_a_length_that_a_rule_changes_keeps_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "RESOURCES", tmp_path)
    (tmp_path / "app.css").write_text(":root { --a: 1rem; --b: 2rem; } .x { --b: 3rem; top: var(--a); left: var(--b); }")
    assert assets.with_lengths((tmp_path / "app.css").read_text()) == (
        ":root {  --b: 2rem; } .x { --b: 3rem; top: 1rem; left: var(--b); }")


def test_a_script_that_is_none_is_refused_with_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "RESOURCES", tmp_path)
    monkeypatch.setattr(assets.paths, "ASSETS", tmp_path / "assets")
    for name in assets.OURS:
        (tmp_path / name).write_text("")
    (tmp_path / "app.js").write_text("let = ;")
    with pytest.raises(LauncherError, match="app.js:1:"):
        assets.minify()
