"""Everything a machine needs before the product can be built, run or tested. Safe to repeat; quick when all is there."""

from . import assets, machine, python_environment


def prepare(for_tests: bool = False) -> None:
    """Installs what is missing. Raises `LauncherError` with the command to type where it may not."""
    machine.check_toolchain()
    machine.install_missing(machine.TO_RUN + (machine.TO_TEST if for_tests else []))
    python_environment.prepare(python_environment.TEST_REQUIREMENTS if for_tests
                               else python_environment.RUN_REQUIREMENTS)
    assets.prepare()
