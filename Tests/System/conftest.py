"""One product for the tests of a file: four real services, the simulator, the front door and the mail sink."""

import pytest

from launcher.product import Product
from drills.till import Till, Vipps


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with Product(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture
def till(product) -> Till:
    return Till(product)


@pytest.fixture
def vipps(product):
    vipps = Vipps(product)
    vipps.clear_faults()
    yield vipps
    vipps.clear_faults()
    vipps.assert_polite()
