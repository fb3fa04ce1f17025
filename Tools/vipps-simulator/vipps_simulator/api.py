"""The way of every API call: who asks, may they, how often, and what is to be spoiled about it."""

import asyncio
from typing import Any, Callable

from aiohttp import web

from .calls import INVALID, Call, fingerprint, parsed, reference_of
from .clock import iso_milliseconds
from .faults import CUSTOMER_ACTS, Fault
from .ids import masked
from .journal import Journal
from .model import KeptOutcome, KeySet, Payment
from .people import People
from .problems import Answer, ApiError, DomainError, FieldErrors, GatewayError, ProblemError, trace_id
from .world import World, compact

SYSTEM_HEADERS = (
    "Vipps-System-Name", "Vipps-System-Version", "Vipps-System-Plugin-Name", "Vipps-System-Plugin-Version",
)
MISSING_SUBSCRIPTION = "Access denied due to missing subscription key. Send it in the Ocp-Apim-Subscription-Key header."
WRONG_SUBSCRIPTION = "Access denied due to invalid subscription key. Send a valid key of an active subscription."
NO_MERCHANT = "Merchant Not Allowed for Ecommerce Payment"


Handler = Callable[[Call], Answer]


class Api:
    def __init__(self, world: World, people: People, journal: Journal):
        self.world, self.people, self.journal = world, people, journal

    def route(self, operation: str, handler: Handler, msn_required: bool = True, keys: bool = True):
        """An aiohttp handler for the operation. `keys` False: the handler checks access itself (token)."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, operation, handler, msn_required, keys)

        return handle

    async def _serve(
        self, request: web.Request, operation: str, handler: Handler, msn_required: bool, keys: bool
    ) -> web.StreamResponse:
        self.world.clock.fire_due()
        raw = await request.read()
        call = Call(request, operation, raw, parsed(raw), None)
        call.reference = reference_of(call)
        entry = self._enter(call)
        faults = self.world.faults.striking_call(operation, call.reference, entry["msn"])
        entry["faults"] = [fault.kind for fault in faults]
        kinds = {fault.kind: fault for fault in faults}
        if "drop-request" in kinds:
            return await self._hang_up(request, entry, None)
        if "late-work" in kinds:
            await self.world.clock.sleep(kinds["late-work"].seconds)
        if self.world.settings.latencyMs:
            await asyncio.sleep(self.world.settings.latencyMs / 1000)
        answer = self._answer(call, entry, handler, kinds, msn_required, keys)
        self.world.flush()
        entry["status"] = answer.status
        if "late-reply" in kinds:
            await self.world.clock.sleep(kinds["late-reply"].seconds)
        if "drop-reply" in kinds:
            return await self._hang_up(request, entry, answer)
        if "no-reply" in kinds:
            await silence(request)
            return await self._hang_up(request, entry, answer)
        entry["replySent"] = True
        return response(answer)

    def _answer(
        self, call: Call, entry: dict[str, Any], handler: Handler, kinds: dict[str, Fault], msn_required: bool,
        keys: bool,
    ) -> Answer:
        path = call.request.path
        instance = path[len("/epayment"):] if path.startswith("/epayment") else path
        trace = trace_id(call.header("traceparent"))
        try:
            if self.world.faults.maintenance:
                raise GatewayError(503, "The service is down for maintenance.")
            if keys:
                self._check_access(call, msn_required)
                self._check_rate(call)
            self._refuse_by_fault(call, kinds)
            answer = self._work(call, entry, handler, kinds)
            self._refuse_after_work(kinds)
            return answer
        except ApiError as error:
            return error.answer(instance, trace)

    # Access

    def _check_access(self, call: Call, msn_required: bool) -> None:
        call.keys = self.subscription(call)
        token = call.header("Authorization") or ""
        scheme, _, value = token.partition(" ")
        holder = self.world.tokens.key_set(value, self.world.clock.now()) if scheme == "Bearer" else None
        if holder != call.keys.id:
            raise GatewayError(401, "Unauthorized. The access token is missing, expired or not valid here.")
        msn = call.header("Merchant-Serial-Number")
        if msn:
            unit = self.world.units.get(msn)
            if unit is None or msn not in call.keys.msns:
                raise ProblemError(403, NO_MERCHANT, f"These keys may not be used for sales unit {msn}.", [])
            call.unit = unit
        elif msn_required:
            raise FieldErrors([("Merchant-Serial-Number", "The Merchant-Serial-Number header is required.")])
        for name in SYSTEM_HEADERS:
            if len(call.header(name) or "") > 30:
                raise FieldErrors([(name, f"The header {name} must be at most 30 characters.")])

    def subscription(self, call: Call) -> KeySet:
        key = call.header("Ocp-Apim-Subscription-Key")
        if not key:
            raise GatewayError(401, MISSING_SUBSCRIPTION)
        for keys in self.world.key_sets.values():
            if key in keys.subscriptionKeys:
                return keys
        raise GatewayError(401, WRONG_SUBSCRIPTION)

    def _check_rate(self, call: Call) -> None:
        reading = call.operation in ("get", "events")
        scope = f"keys {call.keys.id}" if reading else f"msn {call.unit.msn if call.unit else ''}"
        wait = self.world.rate_limits.exceeded(call.operation, call.reference or "", scope, self.world.clock.now())
        if wait is not None and self.world.settings.rateLimits:
            raise too_many(wait)

    # Work

    def _work(self, call: Call, entry: dict[str, Any], handler: Handler, kinds: dict[str, Fault]) -> Answer:
        self._let_customer_act(call, kinds, "before")
        try:
            return self._once(call, entry, handler)
        finally:
            self._let_customer_act(call, kinds, "after")

    def _let_customer_act(self, call: Call, kinds: dict[str, Fault], moment: str) -> None:
        payment = self._payment_of(call)
        acts = [act for kind, (when, act) in CUSTOMER_ACTS.items() if kind in kinds and when == moment]
        if payment is not None and (acts or call.operation == "cancel"):
            self.people.act_around_cancel(payment, moment, acts)

    def _payment_of(self, call: Call) -> Payment | None:
        return self.world.payments.get(f"{call.unit.msn}/{call.reference}") if call.unit else None

    def _once(self, call: Call, entry: dict[str, Any], handler: Handler) -> Answer:
        """Gives a repeat with the same key the first outcome again."""
        key = call.header("Idempotency-Key")
        if call.operation not in ("create", "capture", "refund", "cancel"):
            return handler(call)
        if not key and call.operation != "cancel":
            raise FieldErrors([("Idempotency-Key", "The Idempotency-Key header is required.")])
        if not key:
            return handler(call)
        if len(key) > 50:
            raise FieldErrors([("Idempotency-Key", "The Idempotency-Key header must be at most 50 characters.")])
        name, mark = f"{call.msn}/{call.operation}/{key}", fingerprint(call)
        kept = self.world.outcomes.get(name)
        if kept is not None:
            if kept.fingerprint != mark:
                code = {"capture": 4010, "refund": 4150}.get(call.operation, 4020)
                title = "Refund idempotency conflict" if code == 4150 else None
                raise DomainError(code, "This Idempotency-Key was used with another request.", title=title)
            entry["replayed"] = True
            return Answer(kept.status, kept.body, kept.content_type)
        return self._first_time(call, handler, name, mark)

    def _first_time(self, call: Call, handler: Handler, name: str, mark: str) -> Answer:
        try:
            answer = handler(call)
        except ApiError as error:
            if error.kept:
                instance = call.request.path.removeprefix("/epayment")
                self._keep(name, mark, error.answer(instance, trace_id(call.header("traceparent"))))
            raise
        self._keep(name, mark, answer)
        return answer

    def _keep(self, name: str, mark: str, answer: Answer) -> None:
        kept = KeptOutcome(name, mark, answer.status, answer.body, answer.content_type)
        self.world.outcomes[name] = kept
        self.world.save(kept)

    # Faults

    def _refuse_by_fault(self, call: Call, kinds: dict[str, Fault]) -> None:
        if "unauthorized" in kinds:
            raise GatewayError(401, "Unauthorized. The access token is missing, expired or not valid here.")
        if "rate-limited" in kinds:
            raise too_many(kinds["rate-limited"].retryAfter)
        if "locked" in kinds:
            raise ProblemError(423, "Locked", "Another operation on this payment is in progress.", [])
        for kind, error in failures().items():
            if kind in kinds and not kinds[kind].work:
                raise error
        if "no-reply" in kinds and kinds["no-reply"].work is False:
            raise GatewayError(503, "never sent")
        if "domain-error" in kinds:
            self._log_failure(call)
            raise DomainError(kinds["domain-error"].code, "Provoked by a fault.")

    def _log_failure(self, call: Call) -> None:
        """A capture or refund that failed is in the event log, with success false."""
        payment = self._payment_of(call)
        names = {"capture": "CAPTURED", "refund": "REFUNDED"}
        amount = call.body.get("modificationAmount") if isinstance(call.body, dict) else None
        if payment is not None and call.operation in names and isinstance(amount, dict):
            value = amount.get("value") if isinstance(amount.get("value"), int) else payment.amount
            key = call.header("Idempotency-Key")
            self.world.record(payment, names[call.operation], value, "api", key, success=False)

    @staticmethod
    def _refuse_after_work(kinds: dict[str, Fault]) -> None:
        for kind, error in failures().items():
            if kind in kinds:
                raise error

    async def _hang_up(self, request: web.Request, entry: dict[str, Any], answer: Answer | None) -> web.Response:
        entry["replySent"] = False
        entry["status"] = answer.status if answer else None
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _enter(self, call: Call) -> dict[str, Any]:
        request = call.request
        return self.journal.begin(
            time=iso_milliseconds(self.world.clock.now()), method=request.method, path=request.path_qs,
            operation=call.operation, msn=call.header("Merchant-Serial-Number"), reference=call.reference,
            idempotencyKey=call.header("Idempotency-Key"), traceparent=call.header("traceparent"),
            systemHeaders={name: call.header(name) for name in SYSTEM_HEADERS if call.header(name)},
            replayed=False, faults=[], body=masked(call.body) if call.body is not INVALID else "(not JSON)",
        )


def too_many(seconds: int) -> GatewayError:
    message = f"Rate limit is exceeded. Try again in {seconds} seconds."
    return GatewayError(429, message, {"Retry-After": str(seconds)})


def failures() -> dict[str, ApiError]:
    return {
        "error-500": DomainError(3010, "Something failed inside."),
        "unavailable": GatewayError(503, "The service is unavailable."),
    }


def response(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        status=answer.status, body=compact(answer.body).encode(), headers=answer.headers,
        content_type=answer.content_type, charset="utf-8" if answer.content_type == "application/json" else None,
    )


async def silence(request: web.Request) -> None:
    """Waits until the caller has hung up."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.05)
