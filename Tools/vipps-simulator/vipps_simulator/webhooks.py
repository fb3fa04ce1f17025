"""Registering webhooks."""

from urllib.parse import urlsplit

from . import ids
from .calls import Call
from .deliveries import is_loopback
from .fields import Fields, json_object
from .model import Registration
from .problems import Answer, FieldErrors, ProblemError
from .world import World

CHECKED_IN = "user.checked-in.v1"
PAYMENT_EVENTS = tuple(
    f"epayments.payment.{name}.v1" for name in (
        "created", "authorized", "aborted", "expired", "terminated", "captured", "cancelled", "refunded",
    )
)
OTHER_EVENTS = (
    *(f"recurring.agreement-{name}.v1" for name in ("activated", "rejected", "stopped", "expired")),
    *(f"recurring.charge-{name}.v1" for name in (
        "reserved", "captured", "canceled", "refunded", "failed", "creation-failed",
    )),
    "login.merchant-initiated.ping.v1",
)
EVENTS = (*PAYMENT_EVENTS, CHECKED_IN, *OTHER_EVENTS)
MOST_PER_EVENT = 25


class Webhooks:
    def __init__(self, world: World):
        self.world = world

    def register(self, call: Call) -> Answer:
        body, fields = json_object(call.body), Fields()
        url = fields.text(body, "url", 1, 2500, required=True, label="url")
        if url is not None and not acceptable(url):
            fields.wrong("url", "The url must be an absolute https address.")
        events = body.get("events")
        if not isinstance(events, list) or not events or not all(isinstance(event, str) for event in events):
            fields.wrong("events", "The property is required and must be a list of event names.")
        else:
            unknown = [event for event in events if event not in EVENTS]
            if unknown:
                fields.wrong("events", f"Unsupported values: {', '.join(unknown)}. Supported: {', '.join(EVENTS)}.")
        fields.check()
        msn = call.unit.msn if call.unit else self._only_msn(call)
        events = list(dict.fromkeys(events))
        for event in events:
            self._check_room(call, event, msn)
        registration = Registration(
            ids.guid(), ids.webhook_secret(), url, events, call.keys.id, msn, self.world.clock.now()
        )
        self.world.registrations[registration.id] = registration
        self.world.save(registration)
        return Answer(201, {"id": registration.id, "secret": registration.secret})

    @staticmethod
    def _only_msn(call: Call) -> str | None:
        """Without an MSN header a partner's registration is for all units; others mean their only unit."""
        if call.keys.partner:
            return None
        if len(call.keys.msns) != 1:
            raise FieldErrors([("Merchant-Serial-Number", "The Merchant-Serial-Number header is required.")])
        return call.keys.msns[0]

    def _check_room(self, call: Call, event: str, msn: str | None) -> None:
        most = 1 if event == CHECKED_IN else MOST_PER_EVENT
        taken = sum(
            1 for other in self.world.registrations.values()
            if event in other.events and other.msn == msn and (msn is not None or other.key_set == call.keys.id)
        )
        if taken >= most:
            raise ProblemError(
                400, "Bad Request", f"At most {most} webhook(s) can be registered for {event}; delete one first.",
                [("events", f"The limit of {most} registration(s) for {event} is reached.")],
            )

    def list_all(self, call: Call) -> Answer:
        return Answer(200, {"webhooks": [
            {"id": registration.id, "url": registration.url, "events": registration.events}
            for registration in self._visible(call)
        ]})

    def delete(self, call: Call) -> Answer:
        found = [registration for registration in self._visible(call) if registration.id == call.reference]
        if not found:
            raise ProblemError(404, "Not Found", "There is no such webhook registration.", [])
        del self.world.registrations[found[0].id]
        self.world.delete(found[0])
        return Answer(204)

    def _visible(self, call: Call) -> list[Registration]:
        msn = call.unit.msn if call.unit else self._only_msn(call)
        return [
            registration for registration in self.world.registrations.values()
            if (registration.msn == msn if msn is not None else registration.key_set == call.keys.id)
        ]


def acceptable(url: str) -> bool:
    """https, or plain http to this machine."""
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0) and not set(url) & set(" \r\n\t")
    except ValueError:
        return False
    return valid and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))
