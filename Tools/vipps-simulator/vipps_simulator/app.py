"""Puts the simulator together."""

import asyncio
import json

from aiohttp import web

from .api import Api, response
from .clock import Clock
from .control import Control
from .deliveries import Deliveries, Delivery
from .epayment import AccessToken, EPayment, unknown_path
from .journal import Journal
from .pages import Pages
from .people import People
from .qr import QrCodes
from .seed import Seed
from .store import Store
from .webhooks import Webhooks
from .world import World

LARGEST_BODY = 1_000_000


class Simulator:
    def __init__(self, seed: Seed, state_dir: str | None = None):
        self.store = Store(state_dir)
        self.clock = Clock()
        self.world = World(seed, self.store, self.clock)
        self.people = People(self.world)
        self.journal = Journal()
        self.deliveries = Deliveries(self.world, self._check_in_sent)
        self.world.publisher = self.deliveries
        self.qr_codes = QrCodes(self.world)
        self.pages = Pages(self.world, self.people, self.qr_codes)
        self.app = web.Application(client_max_size=LARGEST_BODY)
        self._add_routes()
        self.app.cleanup_ctx.append(self._running)

    def _add_routes(self) -> None:
        api = Api(self.world, self.people, self.journal)
        token = AccessToken(self.world, api)
        payments, hooks, codes = EPayment(self.world, self.people), Webhooks(self.world), self.qr_codes
        one, printed = "/epayment/v1/payments/{reference}", "/qr/v1/merchant-callback"
        self.app.add_routes([
            web.post("/{path:(?i:accesstoken/get)}", api.route("token", token.get, keys=False)),
            web.post("/epayment/v1/payments", api.route("create", payments.create)),
            web.get(one, api.route("get", payments.get), allow_head=False),
            web.get(f"{one}/events", api.route("events", payments.events), allow_head=False),
            web.post(f"{one}/capture", api.route("capture", payments.capture)),
            web.post(f"{one}/refund", api.route("refund", payments.refund)),
            web.post(f"{one}/cancel", api.route("cancel", payments.cancel)),
            web.post("/epayment/v1/test/payments/{reference}/approve", api.route("approve", payments.force_approve)),
            web.post("/webhooks/v1/webhooks", api.route("webhooks.register", hooks.register, msn_required=False)),
            web.get("/webhooks/v1/webhooks", api.route("webhooks.list", hooks.list_all, msn_required=False)),
            web.delete("/webhooks/v1/webhooks/{id}", api.route("webhooks.delete", hooks.delete, msn_required=False)),
            web.put(f"{printed}/mobilepay/{{beaconId}}", api.route("qr.convert", codes.convert)),
            web.put(f"{printed}/{{merchantQrId}}", api.route("qr.put", codes.put)),
            web.get(printed, api.route("qr.list", codes.list_all)),
            web.get(f"{printed}/{{merchantQrId}}", api.route("qr.get", codes.get)),
            web.delete(f"{printed}/{{merchantQrId}}", api.route("qr.delete", codes.delete)),
            web.post("/qr/v1/exchange", api.route("exchange", codes.exchange, msn_required=False)),
            web.post("/qr/v1/exchange/customer", api.route("exchange", codes.exchange_customer, msn_required=False)),
            web.get("/qr-images/qr.{kind:svg|png}", codes.image), web.get("/qr-image/v1", codes.one_time_image),
        ])
        self.app.add_routes(Control(self.world, self.people, self.deliveries, self.journal).routes())
        self.app.add_routes(self.pages.routes())
        self.app.router.add_route("*", "/{path:.*}", nothing_here)

    def _check_in_sent(self, delivery: Delivery, success: bool) -> None:
        if delivery.event == "user.checked-in.v1":
            self.people.connected(json.loads(delivery.body)["customerToken"], success)

    async def _running(self, _: web.Application):
        ticking = asyncio.get_running_loop().create_task(self.clock.run())
        await self.deliveries.start()
        for payment in list(self.world.payments.values()):
            self.people.plan(payment)
        yield
        ticking.cancel()
        await self.deliveries.stop()
        self.store.close()


async def nothing_here(_: web.Request) -> web.Response:
    return response(unknown_path().answer("", ""))
