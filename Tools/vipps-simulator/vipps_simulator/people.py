"""What customers do: approve, decline, start 3-D Secure, scan a code; and what they do by themselves."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import ids, payment_rules
from .clock import iso_ticks
from .model import CheckIn, Customer, MerchantQr, Payment
from .world import World, compact

CONNECT_LIMIT = 10.0
ACTING_BEHAVIOURS = ("approves", "slow", "declines", "no-card", "expired-card")


class People:
    def __init__(self, world: World):
        self.world = world
        self._connecting: dict[str, asyncio.Future[str]] = {}

    # A payment's own timers

    def plan(self, payment: Payment) -> None:
        """Sets the timers of an open payment: its end, and what its customer does without being told."""
        if payment.state != "CREATED":
            return
        clock = self.world.clock
        clock.at(payment.expires_at, lambda: self._expire(payment))
        if payment.processing_until is not None:
            clock.at(payment.processing_until, lambda: self._finish_processing(payment))
        person = self.world.customers.get(payment.phone or "")
        if person is not None and person.behaviour in ACTING_BEHAVIOURS:
            clock.at(clock.now() + person.afterSeconds, lambda: self._act_alone(payment, person))

    def _act_alone(self, payment: Payment, person: Customer) -> None:
        changed_mind = self.world.customers.get(person.phone) is not person
        if changed_mind or payment.state != "CREATED" or payment.is_processing(self.world.clock.now()):
            return
        if person.behaviour == "declines":
            self.decline(payment)
        else:
            self.approve(payment)

    def _expire(self, payment: Payment) -> None:
        now = self.world.clock.now()
        if payment.state == "CREATED" and now >= payment.expires_at and not payment.is_processing(now):
            payment.state = "EXPIRED"
            self.world.record(payment, "EXPIRED", payment.amount, "clock")

    def _finish_processing(self, payment: Payment) -> None:
        if payment.state != "CREATED" or payment.processing_until is None:
            return
        if self.world.clock.now() < payment.processing_until:
            return
        payment.processing_until = None
        if payment.processing_then == "approve":
            self.approve(payment)
        else:
            payment.card_trouble = "The bank gave no answer"
            self.world.save(payment)
        self._expire(payment)

    # Acts on a payment

    def approve(self, payment: Payment, by_hand: bool = False) -> dict[str, Any]:
        """The customer presses approve. A card may refuse: then the payment stays open for another try."""
        now = self.world.clock.now()
        person = self.world.customers.get(payment.phone or "")
        trouble = self._trouble(payment, person)
        if trouble:
            payment.card_trouble = trouble
            self.world.save(payment)
            if self.world.settings.failedApprovalLeavesEvent:
                self.world.record(payment, "AUTHORIZED", payment.amount, "customer", success=False)
            return outcome(payment, "refused", trouble)
        if payment.amount == payment_rules.UNKNOWN_FOR_AN_HOUR and payment.processing_until is None:
            self.begin_approval(payment, 3600, "nothing")
            return outcome(payment, "processing", "The bank has not answered yet")
        payment_rules.approve(payment, now)
        if person is not None and by_hand and not person.approvedOnce:
            person.approvedOnce = True
            self.world.save(person)
        self.world.record(payment, "AUTHORIZED", payment.amount, "customer")
        return outcome(payment, "approved")

    @staticmethod
    def _trouble(payment: Payment, person: Customer | None) -> str | None:
        if person is not None and person.behaviour == "no-card":
            return "There is no card in the app"
        if person is not None and person.behaviour == "expired-card":
            return "The card has expired"
        return payment_rules.APPROVAL_TROUBLE.get(payment.amount)

    def decline(self, payment: Payment) -> dict[str, Any]:
        payment.state = "ABORTED"
        payment.processing_until = None
        self.world.record(payment, "ABORTED", payment.amount, "customer")
        return outcome(payment, "declined")

    def begin_approval(self, payment: Payment, seconds: float, then: str) -> dict[str, Any]:
        """3-D Secure: in the middle, a cancel is refused with 6250."""
        payment.processing_until = self.world.clock.now() + seconds
        payment.processing_then = then
        self.world.save(payment)
        self.world.clock.at(payment.processing_until, lambda: self._finish_processing(payment))
        return outcome(payment, "processing")

    def act_around_cancel(self, payment: Payment, moment: str, ordered: list[str]) -> None:
        """`ordered` are acts wished for by faults; the customer's own behaviour comes with them."""
        acts = list(ordered)
        person = self.world.customers.get(payment.phone or "")
        if person is not None and person.behaviour.endswith(f"-{moment}-cancel"):
            acts.append({"approves": "approve", "processing": "begin-approval"}[person.behaviour.split("-")[0]])
        for act in acts:
            if payment.state != "CREATED" or payment.is_processing(self.world.clock.now()):
                return
            if act == "approve":
                self.approve(payment)
            elif act == "decline":
                self.decline(payment)
            else:
                self.begin_approval(payment, person.afterSeconds if person and person.afterSeconds else 3, "approve")

    # Scanning

    def scan(self, person: Customer, content: str) -> dict[str, Any] | CheckIn:
        """A code is held before the customer's camera."""
        for qr in self.world.qrs.values():
            if qr.content == content:
                return self.check_in(person, qr)
        token = parse_qs(urlsplit(content).query).get("token", [content.rsplit("/", 1)[-1]])[0]
        payment = self.world.by_token.get(token)
        if payment is None or payment.state != "CREATED" or payment.phone not in (None, person.phone):
            return {"outcome": "not-found", "message": "This code is not known"}
        if payment.phone is None:
            self.world.give_to(payment, person.phone)
            self.plan(payment)
        return {"outcome": "payment", "reference": payment.reference, "msn": payment.msn}

    def check_in(self, person: Customer, qr: MerchantQr) -> CheckIn:
        now = self.world.clock.now()
        check_in = CheckIn(ids.customer_token(), person.phone, qr.msn, qr.merchantQrId, now)
        self.world.check_ins[check_in.token] = check_in
        self._connecting[check_in.token] = asyncio.get_running_loop().create_future()
        body = compact({
            "customerToken": check_in.token, "merchantQrId": qr.merchantQrId, "msn": qr.msn,
            "initiatedAt": iso_ticks(now),
        })
        publisher = self.world.publisher
        sent = publisher.publish("user.checked-in.v1", qr.msn, f"check-in/{check_in.token}", None, body) \
            if publisher is not None else 0
        if sent == 0:
            self.connected(check_in.token, False)
        self.world.clock.at(now + CONNECT_LIMIT, lambda: self.connected(check_in.token, False))
        self.world.save(check_in)
        return check_in

    def connected(self, token: str, success: bool) -> None:
        """The shop has answered the check-in's delivery, or failed to. It may have asked for a payment before it answered."""
        check_in = self.world.check_ins.get(token)
        if check_in is None:
            return
        if check_in.status == "connecting":
            check_in.status = "waiting" if success else "cannot-connect"
            self.world.save(check_in)
        future = self._connecting.pop(token, None)
        if future is not None and not future.done():
            future.set_result(check_in.status)

    async def connection_of(self, check_in: CheckIn) -> str:
        future = self._connecting.get(check_in.token)
        return await asyncio.shield(future) if future is not None else check_in.status


def outcome(payment: Payment, what: str, message: str | None = None) -> dict[str, Any]:
    answer = {"outcome": what, "msn": payment.msn, "reference": payment.reference, "state": payment.state}
    return {**answer, "message": message} if message else answer


