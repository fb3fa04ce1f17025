"""Installing what is missing, and saying the exact command where it may not."""

import os
import shutil

import pytest

from launcher import machine
from launcher.errors import LauncherError
from launcher.machine import Need

HERE = Need("libhere-dev", "something", lambda: True)


@pytest.fixture
def apt(monkeypatch):
    """Records what apt-get is asked for instead of asking it."""
    calls: list[list[str]] = []
    monkeypatch.setattr(machine, "_apt", calls.append)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    return calls


def appears_after_install(calls: list) -> Need:
    return Need("libnew-dev", "something new", lambda: bool(calls))


def test_nothing_is_done_where_all_is_there(apt):
    assert machine.install_missing([HERE]) == []
    assert apt == []


def test_root_installs_just_what_is_missing(apt, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert machine.install_missing([HERE, appears_after_install(apt)]) == ["libnew-dev"]
    assert apt == [["update"], ["install", "-y", "--no-install-recommends", "libnew-dev"]]


def test_others_are_told_the_exact_command(apt, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LauncherError, match="sudo apt-get install -y --no-install-recommends libnew-dev"):
        machine.install_missing([HERE, appears_after_install(apt)])
    assert apt == []


def test_a_machine_without_apt_gets_the_names(apt, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(LauncherError, match="no apt-get.*libnew-dev"):
        machine.install_missing([appears_after_install(apt)])


def test_a_package_that_brings_nothing_is_reported(apt, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(LauncherError, match="libempty.*still not to be found"):
        machine.install_missing([Need("libempty", "nothing", lambda: False)])


def test_a_missing_toolchain_is_named_with_where_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(LauncherError, match="swift is not in PATH.*swift.org"):
        machine.check_toolchain()


def test_this_machine_has_what_running_needs():
    assert [need.package for need in machine.TO_RUN if not need.present()] == []
