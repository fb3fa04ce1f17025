"""A product made of stand-in services, so that the launcher is tested without building anything."""

import os
import sys
from pathlib import Path

import pytest

from launcher.keys import SERVICES
from launcher.product import Product

STAND_IN = Path(__file__).parent / "stand_in_service.py"


@pytest.fixture
def binaries(tmp_path: Path) -> Path:
    folder = tmp_path / "binaries"
    folder.mkdir()
    for name in SERVICES:
        os.symlink(STAND_IN, folder / name)
    return folder


@pytest.fixture
def make_product(tmp_path: Path, binaries: Path, monkeypatch):
    """Makes products that are stopped at the end of the test."""
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable) + ":" + os.environ["PATH"])
    made = []

    def make(**options) -> Product:
        told: list[str] = []
        product = Product(tmp_path / f"state{len(made)}", with_demo=False, with_simulator=False,
                          binaries=binaries, tell=told.append, **{"with_mail_sink": False, **options})
        product.told = told
        made.append(product)
        return product

    yield make
    for product in made:
        product.stop(grace=2)
