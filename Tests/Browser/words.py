"""The product's own words, so that one walk can be walked in any of its languages."""

import json

from launcher import paths

_TEXTS = {file.stem: json.loads(file.read_text(encoding="utf-8"))
          for file in (paths.binaries() / "vipps-till_WebUI.resources" / "Resources" / "texts").glob("*.json")}
"""As built and read at once, so that they are those of the processes under test."""


def word(language: str, key: str, **values: str) -> str:
    """The text `sale.start` in a language, its placeholders filled in. A key that is missing is a `KeyError`."""
    text = _TEXTS[language]
    for part in key.split("."):
        text = text[part]
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
