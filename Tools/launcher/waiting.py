"""Waiting for a condition, with a deadline instead of a hopeful sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(condition: Callable[[], Value | None], seconds: float, what: str, every: float = 0.05) -> Value:
    """The first true value of `condition`; raises `TimeoutError` naming `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"Waited {seconds:g} s in vain: {what}")
        time.sleep(every)
