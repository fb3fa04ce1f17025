"""The ePayment operations on an existing payment, and the access token."""

from typing import Any

from . import ids, payment_rules
from .api import Api
from .calls import INVALID, Call
from .clock import iso_ticks
from .creation import Creation
from .fields import Fields, json_object
from .model import Payment
from .people import People
from .problems import Answer, DomainError, EmptyError, FieldErrors, GatewayError
from .world import World, guaranteed_until, log_entry, subject

RESOURCE = "00000002-0000-0000-c000-000000000000"
CARD_BIN = "540185"


class AccessToken:
    def __init__(self, world: World, api: Api):
        self.world, self.api = world, api

    def get(self, call: Call) -> Answer:
        self.api.subscription(call)
        keys = next((keys for keys in self.world.key_sets.values() if keys.clientId == call.header("client_id")), None)
        now, life = self.world.clock.now(), self.world.settings.tokenLifeSeconds
        if keys is None:
            return self._refusal(400, "unauthorized_client", 700016, "The application was not found.")
        if keys.clientSecret != call.header("client_secret"):
            return self._refusal(401, "invalid_client", 7000215, "An invalid client secret was given.")
        return Answer(200, {
            "token_type": "Bearer", "expires_in": str(int(life)), "ext_expires_in": str(int(life)),
            "expires_on": str(int(now + life)), "not_before": str(int(now)), "resource": RESOURCE,
            "access_token": self.world.tokens.issue(keys.id, now, life),
        })

    def _refusal(self, status: int, error: str, code: int, text: str) -> Answer:
        return Answer(status, {
            "error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code],
            "timestamp": iso_ticks(self.world.clock.now()), "trace_id": ids.guid(), "correlation_id": ids.guid(),
            "error_uri": f"https://login.microsoftonline.com/error?code={code}",
        })


class EPayment:
    def __init__(self, world: World, people: People):
        self.world, self.people = world, people

    def create(self, call: Call) -> Answer:
        payment = Creation(self.world, call).payment()
        self.world.add_payment(payment)
        self.world.record(payment, "CREATED", payment.amount, "api", call.header("Idempotency-Key"))
        self.people.plan(payment)
        body = {"reference": payment.reference}
        return Answer(201, {"redirectUrl": payment.redirect_url, **body} if payment.redirect_url else body)

    def get(self, call: Call) -> Answer:
        payment = self._payment(call)
        method: dict[str, Any] = {"type": "WALLET"}
        profile: dict[str, Any] = {}
        if payment.authorized_at is not None:
            method["cardBin"] = CARD_BIN
            if payment.scope:
                profile["sub"] = subject(payment)
        body = {
            "reference": payment.reference, "pspReference": payment.psp_reference, "state": payment.state,
            "amount": payment.money(payment.amount), "aggregate": payment.aggregate(), "paymentMethod": method,
            "profile": profile,
        }
        if payment.redirect_url:
            body["redirectUrl"] = payment.redirect_url
        if payment.metadata is not None:
            body["metadata"] = payment.metadata
        if payment.authorized_at is not None:
            body["captureGuaranteedUntil"] = guaranteed_until(payment)
        return Answer(200, body)

    def events(self, call: Call) -> Answer:
        payment = self._payment(call)
        return Answer(200, [log_entry(payment, event) for event in payment.events])

    def capture(self, call: Call) -> Answer:
        payment = self._payment(call)
        value, currency = self._modification(call)
        payment_rules.capture(payment, call.sales_unit, value, currency, self.world.clock.now())
        self.world.record(payment, "CAPTURED", value, "api", call.header("Idempotency-Key"))
        return modified(payment)

    def refund(self, call: Call) -> Answer:
        payment = self._payment(call)
        value, currency = self._modification(call)
        try:
            payment_rules.refund(payment, call.sales_unit, value, currency, self.world.clock.now())
        except DomainError:
            if value in payment_rules.REFUND_TROUBLE and payment.captured > 0:
                self.world.record(
                    payment, "REFUNDED", value, "api", call.header("Idempotency-Key"), success=False
                )
            raise
        self.world.record(payment, "REFUNDED", value, "api", call.header("Idempotency-Key"))
        return modified(payment)

    def cancel(self, call: Call) -> Answer:
        payment = self._payment(call)
        body = call.body if call.body is not None else {}
        if body is INVALID or not isinstance(body, dict):
            raise FieldErrors([("$", "The request body must be a JSON object.")])
        only = body.get("cancelTransactionOnly")
        if only is not None and not isinstance(only, bool):
            raise FieldErrors([("CancelTransactionOnly", "The field CancelTransactionOnly must be true or false.")])
        name, value = payment_rules.cancel(payment, call.sales_unit, bool(only), self.world.clock.now())
        self.world.record(payment, name, value, "api", call.header("Idempotency-Key"))
        return modified(payment)

    def force_approve(self, call: Call) -> Answer:
        payment = self._payment(call)
        body = json_object(call.body)
        phone = (body.get("customer") or {}).get("phoneNumber") if isinstance(body.get("customer"), dict) else None
        if phone is None and body.get("token") == payment.token and payment.user_flow != "PUSH_MESSAGE":
            phone = payment.phone
        person = self.world.customer(phone) if isinstance(phone, str) else None
        if person is None:
            raise DomainError(10030, "Give the phone number of a test user, or the token of the redirectUrl.")
        if payment.phone not in (None, person.phone):
            raise DomainError(10020, "The payment belongs to another customer.")
        if self.world.settings.forceApproveNeedsHandApproval and not person.approvedOnce:
            raise DomainError(10020, "The test user must have approved a payment by hand once.")
        if person.behaviour == "no-card":
            raise DomainError(10050, "The test user has no card.")
        if person.behaviour == "expired-card":
            raise EmptyError(500)
        if payment.state != "CREATED":
            raise DomainError(10010, f"A payment in state {payment.state} cannot be approved.")
        if payment.phone is None:
            self.world.give_to(payment, person.phone)
        # The provoking amounts do not work with force approve: the money is reserved whatever they are.
        payment_rules.approve(payment, self.world.clock.now())
        self.world.record(payment, "AUTHORIZED", payment.amount, "customer")
        return Answer(200)

    def _payment(self, call: Call) -> Payment:
        payment = self.world.payments.get(f"{call.msn}/{call.reference}")
        if payment is None:
            raise DomainError(5090, "There is no payment with this reference.")
        return payment

    @staticmethod
    def _modification(call: Call) -> tuple[int, str]:
        body = json_object(None if call.body is INVALID else call.body)
        fields = Fields()
        money = fields.amount(body, "modificationAmount")
        fields.check()
        assert money is not None
        return money


def modified(payment: Payment) -> Answer:
    return Answer(200, {
        "amount": payment.money(payment.amount), "state": payment.state, "aggregate": payment.aggregate(),
        "pspReference": payment.psp_reference, "reference": payment.reference,
    })


def unknown_path() -> GatewayError:
    return GatewayError(404, "Resource not found")
