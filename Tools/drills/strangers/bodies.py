"""Bodies by the schemas of docs/openapi: whole ones, and ones with something wrong in them."""

import json
import random
import string

from .doors import new_id
from .watch import API_KEY, EMAIL, PASSWORD, PERSONAL_QR, PHONE, TAG

LONGEST = 3_000


def whole_body(schema: dict, chance: random.Random) -> dict:
    """A body with every field that must be there, and now and then others, each of its own type."""
    required = set(schema.get("required", []))
    return {name: _value(name, part, chance) for name, part in schema.get("properties", {}).items()
            if name in required or chance.random() < 0.5}


def _value(name: str, schema: dict, chance: random.Random):
    if "enum" in schema:
        return chance.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = next((one for one in kind if one != "null"), "string") if isinstance(kind, list) else kind
    if kind == "object":
        return whole_body(schema, chance)
    if kind == "array":
        return [_value(name, schema.get("items", {}), chance) for _ in range(chance.randint(0, 2))]
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("integer", "number"):
        return chance.randint(schema.get("minimum", 0), min(schema.get("maximum", 10_000), 10_000))
    return _text(name, schema, chance)


def _text(name: str, schema: dict, chance: random.Random) -> str:
    lower = name.lower()
    if schema.get("format") == "uuid" or lower == "id" or lower.endswith("id") and "merchant" not in lower:
        return new_id()
    known = {"phonenumber": PHONE, "email": EMAIL, "invoiceemail": EMAIL, "password": PASSWORD, "content": PERSONAL_QR,
             "clientid": API_KEY, "clientsecret": API_KEY, "subscriptionkey": API_KEY, "msn": "234567",
             "username": "drill." + _letters(chance, 6)}
    return known.get(lower, "Drill " + _letters(chance, 8))


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=count))


def filled_form(chance: random.Random) -> dict[str, str]:
    """What the forms of the pages ask for, each field in a form that is taken."""
    word = _letters(chance, 8)
    return {"commandID": new_id(), "displayName": f"Drill {word}", "name": f"Drill {word}", "number": word,
            "price": "12", "vatRate": "2500", "msn": str(chance.randint(10_000, 99_999)), "userName": f"drill.{word}",
            "password": PASSWORD, "roles": "cashier", "language": "da", "active": "on", "category": "Drill",
            "locationDescription": f"Till {word}", "beaconID": "123456789012345", "amount": "1", "quantity": "1",
            "reason": "for the drill", "email": EMAIL, "code": "2001", "find": "2001", "how": "phone",
            "phoneNumber": PHONE, "discount": "0", "discountUnit": "amount", "received": "100", "kind": "cash"}


# Something wrong


def odd_text(chance: random.Random) -> str:
    return chance.choice([
        "", " ", "\u0000", "a\u0000b", "\r\nSet-Cookie: session=x", TAG, '"><img src=x onerror=drill()>', "{{tenant}}",
        "{{{session}}}", "' OR 1=1 --", "'; DROP TABLE sale; --", "../../../etc/passwd", "%s%n%x", "${jndi:ldap://x}",
        "\u202eabc", "\ufeff", "🧾" * 20, "é" * 70, "x" * 65, "x" * 255, "x" * LONGEST, "١٢٣", "４７", "NaN", "-0",
        "1e999", "null", "true", "2026-13-45", "0" * 40, new_id().upper(), "{" + new_id() + "}",
        "\ud800", "a\u0301" * 40, "\u2028", "-" * 64, ";" * 64, "/" * 64, "Infinity",
    ])


def odd_number(chance: random.Random) -> object:
    return chance.choice([0, -1, 1, -2**31, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**63, 2**64, 10**30, -10**30,
                          0.1, 1e308, -0.0, 1.5, 9999, 10_000, 65_000_001])


def odd_value(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randint(0, 7)
    if kind == 0:
        return None
    if kind == 1:
        return chance.random() < 0.5
    if kind == 2:
        return odd_number(chance)
    if kind == 3 and depth < 3:
        return [odd_value(chance, depth + 1) for _ in range(chance.choice([0, 1, 3, 300]))]
    if kind == 4 and depth < 3:
        return {odd_text(chance)[:40]: odd_value(chance, depth + 1) for _ in range(chance.randint(0, 4))}
    return odd_text(chance)


def spoiled(body: object, chance: random.Random) -> object:
    """The body with one to three places changed: a value of another kind, a field gone, one too many."""
    copy = json.loads(json.dumps(body))
    for _ in range(chance.choices((1, 2, 3), (6, 2, 1))[0]):
        copy = _spoiled_once(copy, chance)
    return copy


def _spoiled_once(value: object, chance: random.Random) -> object:
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        kind = chance.random()
        if kind < 0.15:
            return {key: one for key, one in value.items() if key != name}
        if kind < 0.25:
            return {**value, odd_text(chance)[:60]: odd_value(chance)}
        return {**value, name: _spoiled_once(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        position = chance.randrange(len(value))
        return [*value[:position], _spoiled_once(value[position], chance), *value[position + 1:]]
    return odd_value(chance)


def spoiled_bytes(body: object, chance: random.Random) -> bytes:
    """As JSON, and now and then as something that is none."""
    text = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    kind = chance.randint(0, 19)
    if kind == 0:
        return text[:chance.randint(0, len(text))]
    if kind == 1:
        position = chance.randint(0, len(text))
        return text[:position] + bytes(chance.choices(range(256), k=chance.randint(1, 8))) + text[position:]
    if kind == 2:
        return b'{"a":' * chance.choice([100, 600, 5_000]) + text
    if kind == 3:
        return chance.choice([b"[" * chance.choice([512, 513, 514, 20_000]), b'{"a":' * 512 + b"{"])
    if kind == 4:
        return text.replace(b"{", b'{"commandID":1,"commandID":"x",', 1)
    if kind == 5:
        return text + b"\x00" * 100
    if kind == 6:
        return b"\xff\xfe" + text.decode("utf-8", "replace").encode("utf-16-le")
    if kind == 7:
        return text[:-1] + b',"filler":"' + b"x" * chance.choice([65_536, 70_000, 300_000]) + b'"}'
    if kind == 8:
        return bytes(chance.choices(range(256), k=chance.randint(0, 2_000)))
    if kind == 9:
        return text.replace(b":", b": 1e9999, \"z\":", 1)
    return text
