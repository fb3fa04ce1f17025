"""Reading a JSON body field by field; every wrong field is named, all at once."""

import re
from typing import Any

from .problems import DomainError, FieldErrors

REFERENCE = "^[a-zA-Z0-9-]{8,64}$"
LARGEST_AMOUNT = 65_000_000


class Fields:
    """Collects complaints; `check` raises them together."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def wrong(self, name: str, reason: str) -> None:
        self.errors.append((name, reason))

    def check(self) -> None:
        if self.errors:
            raise FieldErrors(self.errors)

    def text(
        self, body: dict[str, Any], name: str, shortest: int = 0, longest: int | None = None, required: bool = False,
        pattern: str | None = None, label: str | None = None,
    ) -> str | None:
        value, label = body.get(name), label or pascal(name)
        if value is None:
            if required:
                self.wrong(label, f"The field {label} is required.")
            return None
        if not isinstance(value, str):
            self.wrong(label, f"The field {label} must be a string.")
            return None
        if len(value) < shortest or (longest is not None and len(value) > longest):
            self.wrong(label, f"The field {label} must have {shortest} to {longest} characters.")
        elif pattern is not None and not re.fullmatch(pattern.strip("^$"), value, re.ASCII):
            self.wrong(label, f"The field {label} must match the regular expression '{pattern}'.")
        else:
            return value
        return None

    def choice(self, body: dict[str, Any], name: str, choices: tuple[str, ...], required: bool = False) -> str | None:
        value = self.text(body, name, required=required)
        if value is not None and value not in choices:
            self.wrong(pascal(name), f"The field {pascal(name)} must be one of {', '.join(choices)}.")
            return None
        return value

    def thing(self, body: dict[str, Any], name: str, required: bool = False) -> dict[str, Any] | None:
        value = body.get(name)
        if value is None:
            if required:
                self.wrong(pascal(name), f"The field {pascal(name)} is required.")
            return None
        if not isinstance(value, dict):
            self.wrong(pascal(name), f"The field {pascal(name)} must be an object.")
            return None
        return value

    def number(
        self, body: dict[str, Any], name: str, least: int, most: int, required: bool = False, label: str | None = None
    ) -> int | None:
        value, label = body.get(name), label or pascal(name)
        if value is None:
            if required:
                self.wrong(label, f"The field {label} is required.")
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(label, f"The field {label} must be a whole number.")
            return None
        if not least <= value <= most:
            self.wrong(label, f"The field {label} must be between {least} and {most}.")
            return None
        return value

    def amount(self, body: dict[str, Any], name: str) -> tuple[int, str] | None:
        """Value and currency. Decimals are refused with a code of their own."""
        money = self.thing(body, name, required=True)
        if money is None:
            return None
        label = pascal(name)
        if isinstance(money.get("value"), float):
            raise DomainError(4040, "The amount is given in minor units and has no decimals.")
        value = self.number(money, "value", 0, LARGEST_AMOUNT, required=True, label=f"{label}.Value")
        currency = self.text(money, "currency", required=True, label=f"{label}.Currency")
        if currency is not None and currency not in ("NOK", "DKK", "EUR"):
            self.wrong(f"{label}.Currency", f"The field {label}.Currency must be one of NOK, DKK, EUR.")
            return None
        return (value, currency) if value is not None and currency is not None else None


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def json_object(body: Any) -> dict[str, Any]:
    """The body as an object; a body that is missing or something else is a field error."""
    if body is None:
        raise FieldErrors([("$", "A non-empty request body is required.")])
    if not isinstance(body, dict):
        raise FieldErrors([("$", "The request body must be a JSON object.")])
    return body
