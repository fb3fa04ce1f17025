"""A service that is killed with -9 at a named moment and started again."""

import threading
from contextlib import contextmanager

from launcher.product import Product

from drills.till import PATIENCE


@contextmanager
def killed_at(product: Product, service: str, moment: str):
    """Runs the body with a service that ends itself with SIGKILL at `moment`, and comes back without that. Fails if the
    moment was never reached."""
    product.restart(service, {"CRASH_AT": moment})
    trouble: list[BaseException] = []

    def revive() -> None:
        try:
            code = product.wait_dead(service, seconds=2 * PATIENCE)
            assert code == -9, f"{service} ended with {code}, not by the kill at {moment}"
            product.start_service(service)
            product.wait_ready(service, seconds=PATIENCE)
        except BaseException as error:  # Told to the test below.
            trouble.append(error)

    reviver = threading.Thread(target=revive)
    reviver.start()
    try:
        yield
    finally:
        reviver.join()
        if trouble:
            raise AssertionError(f"{service} at {moment}: {trouble[0]}") from trouble[0]
