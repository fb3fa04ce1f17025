"""The pages: overview, the customer's phone, and where a web redirect lands."""

import asyncio
from pathlib import Path

from aiohttp import web

from . import views
from .people import People
from .qr import QrCodes, drawn
from .world import World, compact

FILES = Path(__file__).parent / "web"
TYPES = {".css": "text/css", ".js": "text/javascript", ".html": "text/html", ".svg": "image/svg+xml"}
CALM = 0.05
HEARTBEAT = 15.0


class Pages:
    def __init__(self, world: World, people: People, qr_codes: QrCodes):
        self.world, self.people, self.qr_codes = world, people, qr_codes
        self.closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._file("overview.html")), web.get("/phone", self._file("choose.html")),
            web.get("/phone/{phone:\\d+}", self._file("phone.html")), web.get("/landing", self._file("choose.html")),
            web.get("/web/{name:[a-z-]+\\.(?:css|js|svg)}", self.asset), web.get("/phone/{phone:\\d+}/live", self.live),
            web.get("/phone/{phone:\\d+}/code.svg", self.personal_code), web.get("/phone/codes", self.codes),
            web.get("/portal/keys", self.keys),
        ]

    def _file(self, name: str):
        async def page(_: web.Request) -> web.Response:
            return self._sent(name)

        return page

    async def asset(self, request: web.Request) -> web.Response:
        return self._sent(request.match_info["name"])

    @staticmethod
    def _sent(name: str) -> web.Response:
        path = FILES / name
        if not path.is_file():
            raise web.HTTPNotFound()
        return web.Response(
            body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )

    async def personal_code(self, request: web.Request) -> web.Response:
        person = self.world.customer(request.match_info["phone"])
        if person is None:
            raise web.HTTPNotFound()
        return drawn(person.personal_qr, "svg")

    async def codes(self, _: web.Request) -> web.Response:
        """The tills' codes a customer may find in the shops."""
        found = [
            {
                "msn": qr.msn, "merchantQrId": qr.merchantQrId, "place": qr.locationDescription,
                "shop": self.world.units[qr.msn].name if qr.msn in self.world.units else qr.msn,
                "content": qr.content,
            }
            for qr in self.world.qrs.values()
        ]
        return web.Response(text=compact(found), content_type="application/json")

    async def keys(self, _: web.Request) -> web.Response:
        """The API keys of every key set with its sales units, as an administrator reads them in the portal."""
        found = [
            {
                "clientId": keys.clientId, "clientSecret": keys.clientSecret,
                "subscriptionKey": keys.subscriptionKeys[0], "msns": keys.msns,
            }
            for keys in self.world.key_sets.values()
        ]
        return web.Response(text=compact(found), content_type="application/json", headers={"Cache-Control": "no-store"})

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the whole phone each time something on it changed."""
        person = self.world.customer(request.match_info["phone"])
        if person is None:
            raise web.HTTPNotFound()
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        watcher = asyncio.Event()
        self.world.watchers.add(watcher)
        last = ""
        try:
            while not self.closing.is_set() and request.transport is not None and not request.transport.is_closing():
                watcher.clear()
                person = self.world.customer(request.match_info["phone"]) or person
                shown = views.phone_view(self.world, person)
                mark = compact({**shown, "now": 0})
                if mark != last:
                    await stream.write(f"data: {compact(shown)}\n\n".encode())
                    last = mark
                else:
                    await stream.write(b": still here\n\n")
                await self._change(watcher)
        except ConnectionError:
            pass
        finally:
            self.world.watchers.discard(watcher)
        return stream

    async def _change(self, watcher: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(watcher.wait(), HEARTBEAT)
            await asyncio.sleep(CALM)
        except asyncio.TimeoutError:
            pass

    def close(self) -> None:
        self.closing.set()
        for watcher in self.world.watchers:
            watcher.set()
