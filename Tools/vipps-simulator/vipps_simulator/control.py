"""The control interface: turns the clock, provokes faults, lets people act, and reads everything back."""

import asyncio
from dataclasses import asdict, replace
from typing import Any, Awaitable, Callable

from aiohttp import web

from . import payment_rules, seed, views
from .clock import iso_milliseconds
from .deliveries import Deliveries
from .journal import Journal
from .model import CheckIn, Customer, KeySet, Payment, SalesUnit
from .people import People
from .problems import ApiError, ControlError, ProblemError
from .seed import SeedError
from .wishes import JSON, answered, changed, moment, newest, number, whole, wish_of
from .world import Settings, World


class Control:
    def __init__(self, world: World, people: People, deliveries: Deliveries, journal: Journal):
        self.world, self.people, self.deliveries, self.journal = world, people, deliveries, journal

    def routes(self) -> list[web.RouteDef]:
        reads: dict[str, Callable[[web.Request], Any]] = {
            "health": lambda _: {"status": "ready"}, "clock": lambda _: self.clock_view(),
            "settings": lambda _: asdict(self.world.settings),
            "faults": lambda _: [fault.to_json() for fault in self.world.faults.all()],
            "state": lambda _: views.state(self.world), "payments": self.payments,
            "payments/{msn}/{reference}": self.payment, "requests": self.requests, "deliveries": self.read_deliveries,
            "books": lambda request: views.books(self.world, request.query.get("msn")),
            "rate-limit-violations": lambda _: list(self.world.rate_limits.violations),
            "customers": lambda _: self.customers(), "customers/{phone}": self.customer,
            "sales-units": lambda _: [asdict(unit) for unit in self.world.units.values()],
            "key-sets": lambda _: views.key_sets_view(self.world),
        }
        writes: dict[str, Callable[[web.Request, JSON], Any]] = {
            "reset": self.reset, "clock": self.turn_clock, "settle": self.settle,
            "faults": lambda _, wish: self.world.faults.add(wish).to_json(), "tokens/expire": self.expire_tokens,
            "maintenance": self.maintenance, "deliveries/stop": lambda *_: self.hold(True),
            "deliveries/resume": lambda *_: self.hold(False), "customers": self.add_customer,
            "customers/{phone}/approve": self.approve, "customers/{phone}/decline": self.decline,
            "customers/{phone}/begin-approval": self.begin_approval, "customers/{phone}/scan": self.scan,
            "portal/{act}": self.portal, "payments/{msn}/{reference}/failed-event": self.failed_event,
            "sales-units": self.add_sales_unit,
        }
        changes: dict[str, Callable[[web.Request, JSON], Any]] = {
            "settings": self.change_settings, "customers/{phone}": self.change_customer,
            "sales-units/{msn}": self.change_sales_unit, "key-sets/{id}": self.change_key_set,
        }
        return [
            *(web.get(f"/control/{path}", self._reading(act)) for path, act in reads.items()),
            *(web.post(f"/control/{path}", self._writing(act)) for path, act in writes.items()),
            *(web.patch(f"/control/{path}", self._writing(act)) for path, act in changes.items()),
            web.delete("/control/faults", self._writing(lambda *_: self.world.faults.remove(None))),
            web.delete("/control/faults/{id:\\d+}", self._writing(
                lambda request, _: self.world.faults.remove(int(request.match_info["id"]))
            )),
        ]

    def _reading(self, act: Callable[[web.Request], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        return self._writing(lambda request, _: act(request), with_body=False)

    def _writing(
        self, act: Callable[[web.Request, JSON], Any], with_body: bool = True
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            self.world.clock.fire_due()
            try:
                result = act(request, await wish_of(request) if with_body else {})
                if asyncio.iscoroutine(result):
                    result = await result
            except ControlError as error:
                return answered({"error": str(error)}, error.status)
            except (SeedError, TypeError) as error:
                return answered({"error": str(error)}, 422)
            except ApiError as error:
                code = error.extra[0][1] if isinstance(error, ProblemError) and error.extra else None
                return answered({"error": str(error), "code": code}, 409)
            self.world.flush()
            return answered({} if result is None else result)

        return handle

    # Clock and general

    def clock_view(self) -> JSON:
        clock = self.world.clock
        return {"now": iso_milliseconds(clock.now()), "offsetSeconds": round(clock.offset, 3), "frozen": clock.frozen}

    async def turn_clock(self, _: web.Request, wish: JSON) -> JSON:
        clock = self.world.clock
        for name in wish:
            if name == "advanceSeconds":
                clock.advance(number(wish, name))
            elif name == "set":
                clock.set(moment(wish["set"]))
            elif name == "frozen":
                clock.freeze(bool(wish["frozen"]))
            elif name == "real":
                clock.back_to_real()
            else:
                raise ControlError(422, f"unknown field {name}; use advanceSeconds, set, frozen or real")
        self.world.remember()
        # Those who slept are awake, and at work, before the caller goes on.
        await asyncio.sleep(0)
        return self.clock_view()

    async def settle(self, _: web.Request, wish: JSON) -> JSON:
        loop = asyncio.get_running_loop()
        end = loop.time() + number(wish, "timeoutSeconds", 5)
        while not self.deliveries.settled() and loop.time() < end:
            await asyncio.sleep(0.005)
        return {"settled": self.deliveries.settled()}

    async def reset(self, _: web.Request, __: JSON) -> JSON:
        await self.deliveries.forget()
        self.world.reset()
        self.journal.clear()
        return {"reset": True}

    def change_settings(self, _: web.Request, wish: JSON) -> JSON:
        self.world.settings = changed(self.world.settings, Settings, wish, "settings")
        if self.world.settings.unlistedCustomers not in ("unknown", "manual"):
            self.world.settings.unlistedCustomers = "unknown"
            raise ControlError(422, "unlistedCustomers must be unknown or manual")
        self.world.remember()
        return asdict(self.world.settings)

    def expire_tokens(self, _: web.Request, __: JSON) -> JSON:
        self.world.tokens.generation += 1
        self.world.remember()
        return {"generation": self.world.tokens.generation}

    def maintenance(self, _: web.Request, wish: JSON) -> JSON:
        self.world.faults.maintenance = bool(wish.get("on", True))
        return {"maintenance": self.world.faults.maintenance}

    def hold(self, held: bool) -> JSON:
        self.deliveries.hold(held)
        return {"stopped": self.deliveries.held}

    # Reading

    def payments(self, request: web.Request) -> list[JSON]:
        query, now = request.query, self.world.clock.now()
        found = [
            payment for payment in self.world.payments.values()
            if query.get("msn") in (None, payment.msn) and query.get("state") in (None, payment.state)
        ]
        return [views.payment_view(payment, now) for payment in newest(found, query.get("limit"))]

    def payment(self, request: web.Request) -> JSON:
        return views.payment_view(self._payment(request.match_info), self.world.clock.now())

    def requests(self, request: web.Request) -> list[JSON]:
        query = dict(request.query)
        since, limit = whole(query.pop("since", "0"), "since"), whole(query.pop("limit", "1000"), "limit")
        unknown = set(query) - {"reference", "operation", "msn", "status", "idempotencyKey", "method"}
        if unknown:
            raise ControlError(422, f"unknown filter {sorted(unknown)[0]}")
        return self.journal.find(query, since, limit)

    def read_deliveries(self, request: web.Request) -> list[JSON]:
        query, names = request.query, ("reference", "event", "msn", "state")
        found = [
            delivery for delivery in self.deliveries.all()
            if all(query.get(name) in (None, getattr(delivery, name)) for name in names)
        ]
        return [delivery.to_json() for delivery in newest(found, query.get("limit"))]

    # Customers

    def customers(self) -> list[JSON]:
        return [{**views.customer_view(person), "phone": person.phone} for person in self.world.customers.values()]

    def customer(self, request: web.Request) -> JSON:
        return views.phone_view(self.world, self._person(request))

    def add_customer(self, _: web.Request, wish: JSON) -> JSON:
        person = seed.customer(wish)
        self.world.customers[person.phone] = person
        self.world.save(person)
        for payment in self.world.payments_of(person.phone):
            self.people.plan(payment)
        return views.customer_view(person)

    def change_customer(self, request: web.Request, wish: JSON) -> JSON:
        phone = request.match_info["phone"]
        person = self.world.customers.get(phone)
        if person is None:
            raise ControlError(404, f"there is no customer {phone}; add one with POST /control/customers")
        return self.add_customer(request, {**asdict(person), **wish, "phone": phone})

    def approve(self, request: web.Request, wish: JSON) -> JSON:
        return self.people.approve(self._pending(request, wish), by_hand=True)

    def decline(self, request: web.Request, wish: JSON) -> JSON:
        return self.people.decline(self._pending(request, wish))

    def begin_approval(self, request: web.Request, wish: JSON) -> JSON:
        then = wish.get("then", "nothing")
        if then not in ("approve", "nothing"):
            raise ControlError(422, "then must be approve or nothing")
        return self.people.begin_approval(self._pending(request, wish), number(wish, "seconds", 300), then)

    async def scan(self, request: web.Request, wish: JSON) -> JSON:
        person = self._person(request)
        if isinstance(wish.get("merchantQrId"), str):
            qr = self.world.qrs.get(f"{wish.get('msn')}/{wish['merchantQrId']}")
            found = self.people.check_in(person, qr) if qr else {"outcome": "not-found", "message": "Unknown code"}
        else:
            content = wish.get("qrContent") or wish.get("token")
            if not isinstance(content, str):
                raise ControlError(422, "give msn and merchantQrId, or qrContent, or token")
            found = self.people.scan(person, content)
        if not isinstance(found, CheckIn):
            return found
        status = await self.people.connection_of(found) if wish.get("wait", True) else found.status
        return {"outcome": "checked-in", "status": status, "customerToken": found.token}

    def _person(self, request: web.Request) -> Customer:
        person = self.world.customer(request.match_info["phone"])
        if person is None:
            raise ControlError(404, f"there is no user with the number {request.match_info['phone']}")
        return person

    def _pending(self, request: web.Request, wish: JSON) -> Payment:
        person, reference = self._person(request), wish.get("reference")
        open_ones = [
            payment for payment in self.world.payments_of(person.phone)
            if payment.state == "CREATED" and reference in (None, payment.reference)
            and wish.get("msn") in (None, payment.msn)
        ]
        if not open_ones:
            raise ControlError(409, "this customer has no open payment" + (f" {reference}" if reference else ""))
        return open_ones[-1]

    # Portal and set-up

    def portal(self, request: web.Request, wish: JSON) -> JSON:
        act, payment, now = request.match_info["act"], self._payment(wish), self.world.clock.now()
        unit = self.world.units[payment.msn]
        left = {"refund": payment.captured - payment.refunded, "capture": payment.authorized - payment.captured}
        if act == "cancel":
            name, value = payment_rules.cancel(payment, unit, False, now)
        elif act in left:
            value = whole(wish.get("amount", left[act]), "amount")
            rule = payment_rules.refund if act == "refund" else payment_rules.capture
            rule(payment, unit, value, payment.currency, now)
            name = {"refund": "REFUNDED", "capture": "CAPTURED"}[act]
        else:
            raise ControlError(404, "the portal can refund, cancel and capture")
        self.world.record(payment, name, value, "portal")
        return views.payment_view(payment, now)

    def failed_event(self, request: web.Request, wish: JSON) -> JSON:
        payment = self._payment(request.match_info)
        name = wish.get("name", "CAPTURED")
        if name not in ("AUTHORIZED", "CAPTURED", "REFUNDED", "CANCELLED"):
            raise ControlError(422, "name must be AUTHORIZED, CAPTURED, REFUNDED or CANCELLED")
        amount = whole(wish.get("amount", payment.amount), "amount")
        self.world.record(payment, name, amount, "fault", wish.get("idempotencyKey"), success=False)
        return views.payment_view(payment, self.world.clock.now())

    def _payment(self, where: Any) -> Payment:
        payment = self.world.payments.get(f"{where.get('msn')}/{where.get('reference')}")
        if payment is None:
            raise ControlError(404, f"there is no payment {where.get('reference')} of sales unit {where.get('msn')}")
        return payment

    def add_sales_unit(self, _: web.Request, wish: JSON) -> JSON:
        unit = seed.sales_unit(wish)
        self.world.units[unit.msn] = unit
        self.world.save(unit)
        return asdict(unit)

    def change_sales_unit(self, request: web.Request, wish: JSON) -> JSON:
        unit = self.world.units.get(request.match_info["msn"])
        if unit is None:
            raise ControlError(404, f"there is no sales unit {request.match_info['msn']}")
        return self.add_sales_unit(request, asdict(changed(unit, SalesUnit, wish, "sales unit")))

    def change_key_set(self, request: web.Request, wish: JSON) -> JSON:
        keys = self.world.key_sets.get(request.match_info["id"])
        if keys is None:
            raise ControlError(404, f"there is no key set {request.match_info['id']}")
        new = seed.key_set(asdict(changed(keys, KeySet, wish, "key set")))
        self.world.key_sets[keys.id] = replace(new, id=keys.id)
        self.world.save(self.world.key_sets[keys.id])
        return {"id": keys.id, "msns": new.msns}
