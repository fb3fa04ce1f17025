"""The world as JSON for those who look from outside: tests, the overview page, the phone."""

from dataclasses import asdict
from typing import Any

from .clock import iso_milliseconds
from .ids import masked_phone
from .model import CheckIn, Customer, Payment
from .world import World

HISTORY_SHOWN = 50


def moment(time: float | None) -> str | None:
    return None if time is None else iso_milliseconds(time)


def payment_view(payment: Payment, now: float) -> dict[str, Any]:
    return {
        "msn": payment.msn, "reference": payment.reference, "pspReference": payment.psp_reference,
        "state": payment.state, "processing": payment.is_processing(now), "amount": payment.money(payment.amount),
        "aggregate": payment.aggregate(), "userFlow": payment.user_flow, "description": payment.description,
        "customerInteraction": payment.customer_interaction, "customer": masked_phone(payment.phone),
        "identifiedBy": payment.identified_by, "createdAt": moment(payment.created_at),
        "expiresAt": moment(payment.expires_at), "authorizedAt": moment(payment.authorized_at),
        "cardTrouble": payment.card_trouble, "metadata": payment.metadata, "receipt": payment.receipt,
        "events": [{**event, "timestamp": moment(event["timestamp"])} for event in payment.events],
    }


def check_in_view(check_in: CheckIn) -> dict[str, Any]:
    return {
        "customerToken": check_in.token, "customer": masked_phone(check_in.phone), "msn": check_in.msn,
        "merchantQrId": check_in.merchantQrId, "initiatedAt": moment(check_in.initiated_at),
        "status": check_in.status, "reference": check_in.reference,
    }


def customer_view(person: Customer) -> dict[str, Any]:
    shown = asdict(person)
    del shown["personalToken"]
    return {**shown, "phone": masked_phone(person.phone)}


def registrations_view(world: World) -> list[dict[str, Any]]:
    return [
        {
            "id": registration.id, "url": registration.url, "events": registration.events, "msn": registration.msn,
            "keySet": registration.key_set, "createdAt": moment(registration.created_at),
            "failingSince": moment(registration.failing_since),
        }
        for registration in world.registrations.values()
    ]


def key_sets_view(world: World) -> list[dict[str, Any]]:
    return [
        {"id": keys.id, "msns": keys.msns, "partner": keys.partner, "clientId": keys.clientId}
        for keys in world.key_sets.values()
    ]


def books(world: World, msn: str | None = None) -> dict[str, dict[str, Any]]:
    """Sums per sales unit. `cancelled` counts only money that had been reserved."""
    sums: dict[str, dict[str, Any]] = {
        unit.msn: {
            "currency": unit.currency, "payments": 0, "authorized": 0, "captured": 0, "refunded": 0, "cancelled": 0,
            "terminated": 0,
        }
        for unit in world.units.values() if msn in (None, unit.msn)
    }
    for payment in world.payments.values():
        row = sums.get(payment.msn)
        if row is None:
            continue
        row["payments"] += 1
        row["authorized"] += payment.authorized
        row["captured"] += payment.captured
        row["refunded"] += payment.refunded
        row["terminated" if payment.state == "TERMINATED" else "cancelled"] += payment.cancelled
    return sums


def state(world: World) -> dict[str, Any]:
    now = world.clock.now()
    return {
        "now": moment(now), "salesUnits": [asdict(unit) for unit in world.units.values()],
        "keySets": key_sets_view(world), "customers": [customer_view(person) for person in world.customers.values()],
        "payments": [payment_view(payment, now) for payment in world.payments.values()],
        "registrations": registrations_view(world), "qrs": [asdict(qr) for qr in world.qrs.values()],
        "checkIns": [check_in_view(check_in) for check_in in world.check_ins.values()],
        "settings": asdict(world.settings), "maintenance": world.faults.maintenance, "books": books(world),
    }


# The phone

def phone_view(world: World, person: Customer) -> dict[str, Any]:
    """What the customer sees: requests to answer, what was, and the latest scan."""
    now = world.clock.now()
    payments = sorted(world.payments_of(person.phone), key=lambda payment: payment.created_at, reverse=True)
    scans = [check_in for check_in in world.check_ins.values() if check_in.phone == person.phone]
    return {
        "phone": person.phone, "name": person.name, "market": person.market, "behaviour": person.behaviour,
        "personalQr": person.personal_qr, "now": now,
        "pending": [on_phone(world, payment) for payment in payments if payment.state == "CREATED"],
        "history": [on_phone(world, payment) for payment in payments if payment.state != "CREATED"][:HISTORY_SHOWN],
        "scan": scan_on_phone(world, scans[-1]) if scans else None,
    }


def on_phone(world: World, payment: Payment) -> dict[str, Any]:
    unit = world.units.get(payment.msn)
    receipt = payment.receipt or {}
    return {
        "msn": payment.msn, "reference": payment.reference, "shop": unit.name if unit else payment.msn,
        "state": payment.state, "processing": payment.is_processing(world.clock.now()), "amount": payment.amount,
        "currency": payment.currency, "captured": payment.captured, "refunded": payment.refunded,
        "cancelled": payment.cancelled, "description": payment.description, "cardTrouble": payment.card_trouble,
        "createdAt": payment.created_at, "expiresAt": payment.expires_at,
        "changedAt": payment.events[-1]["timestamp"] if payment.events else payment.created_at,
        "lines": [
            {
                "name": line.get("name"), "quantity": (line.get("unitInfo") or {}).get("quantity"),
                "total": line.get("totalAmount"), "isReturn": bool(line.get("isReturn")),
            }
            for line in receipt.get("orderLines", [])
        ],
    }


def scan_on_phone(world: World, check_in: CheckIn) -> dict[str, Any]:
    qr = world.qrs.get(f"{check_in.msn}/{check_in.merchantQrId}")
    unit = world.units.get(check_in.msn)
    return {
        "status": check_in.status, "shop": unit.name if unit else check_in.msn, "at": check_in.initiated_at,
        "place": qr.locationDescription if qr else check_in.merchantQrId, "reference": check_in.reference,
        "msn": check_in.msn,
    }
