"""The QR API: a till's printed codes, their images, and exchanging codes for phone numbers."""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from . import ids, qrcodes
from .calls import Call
from .creation import TOKEN_LIFE, one_time_content, phone_of_personal_qr
from .model import MerchantQr
from .problems import Answer, EmptyError, ProblemError, QrFieldErrors
from .world import World

IMAGE_LIFE = 3600
BEACON = re.compile(r"\d{15}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class QrCodes:
    def __init__(self, world: World):
        self.world = world

    def put(self, call: Call) -> Answer:
        wish = self._wish(call)
        existing = self.world.qrs.get(self._key(call))
        if existing is not None and existing.kind == "mobilepay":
            raise QrFieldErrors([("merchantQrId", "A converted MobilePay code is changed by its own path.")])
        content = existing.content if existing else f"https://qr.vipps.no/m/{ids.url_token()}"
        self._save(MerchantQr(call.msn, call.reference or "", wish[0], content, "callback", wish[1]))
        return Answer(200)

    def convert(self, call: Call) -> Answer:
        """Ties a printed MobilePay code to the sales unit."""
        beacon = call.reference or ""
        if not BEACON.fullmatch(beacon):
            raise QrFieldErrors([("beaconId", "A beacon id is 15 digits or a GUID.")])
        wish = self._wish(call)
        for other in self.world.qrs.values():
            taken = other.merchantQrId == beacon and (other.msn != call.msn or other.kind != "mobilepay")
            if taken:
                tied = "The beacon is tied to another sales unit."
                answer = ProblemError(409, "Conflict", tied, [], "invalidParams").answer(call.request.path, "")
                return Answer(409, {**answer.body, "id": beacon}, answer.content_type)
        content = f"mobilepaypos://pos?id={beacon}&source=qr"
        self._save(MerchantQr(call.msn, beacon, wish[0], content, "mobilepay", wish[1]))
        return Answer(200)

    def list_all(self, call: Call) -> Answer:
        image = self._image_wish(call)
        found = [qr for qr in self.world.qrs.values() if qr.msn == call.msn]
        return Answer(200, [self._item(call, qr, image) for qr in found])

    def get(self, call: Call) -> Answer:
        image = self._image_wish(call)
        return Answer(200, self._item(call, self._found(call), image))

    def delete(self, call: Call) -> Answer:
        qr = self._found(call)
        del self.world.qrs[qr.key]
        self.world.delete(qr)
        return Answer(200)

    # Exchange

    def exchange(self, call: Call) -> Answer:
        code = call.body.get("qrCode") if isinstance(call.body, dict) else None
        phone = phone_of_personal_qr(self.world, code) if isinstance(code, str) else None
        if phone is None:
            raise ProblemError(
                400, "Bad request", "The request body contains one or more invalid parameters.",
                [("qrCode", "The whole content of a customer's personal code is required.")],
            )
        answer: dict[str, Any] = {"version": "2.0" if "/p/" in code else "1.0"}
        if "MSISDN" in (call.body.get("requestedData") or []):
            answer = {"msisdn": phone, "timestamp": int(self.world.clock.now()), **answer}
        return Answer(200, answer)

    def exchange_customer(self, call: Call) -> Answer:
        customer = call.body.get("customer") if isinstance(call.body, dict) else None
        token = customer.get("customerToken") if isinstance(customer, dict) else None
        check_in = self.world.check_ins.get(token) if isinstance(token, str) else None
        now = self.world.clock.now()
        if check_in is None or (call.unit and check_in.msn != call.msn) or now > check_in.initiated_at + TOKEN_LIFE:
            raise ProblemError(
                400, "Bad request", "The request body contains one or more invalid parameters.",
                [("customer", "A valid customerToken not older than 15 minutes is required.")],
            )
        wanted = "MSISDN" in (call.body.get("requestedData") or [])
        return Answer(200, {"msisdn": check_in.phone, "timestamp": int(now)} if wanted else {"timestamp": int(now)})

    # Parts

    @staticmethod
    def _key(call: Call) -> str:
        return f"{call.msn}/{call.reference}"

    def _found(self, call: Call) -> MerchantQr:
        qr = self.world.qrs.get(self._key(call))
        if qr is None:
            raise EmptyError(404)
        return qr

    def _save(self, qr: MerchantQr) -> None:
        self.world.qrs[qr.key] = qr
        self.world.save(qr)

    @staticmethod
    def _wish(call: Call) -> tuple[str, str]:
        body = call.body if isinstance(call.body, dict) else {}
        description, category = body.get("locationDescription"), body.get("category", "IN_STORE")
        wrong: list[tuple[str, str]] = []
        if not isinstance(description, str) or not 1 <= len(description) <= 36:
            wrong.append(("locationDescription", "A text of 1 to 36 characters is required."))
        if category not in ("IN_STORE", "VENDING"):
            wrong.append(("category", "Must be IN_STORE or VENDING."))
        if wrong:
            raise QrFieldErrors(wrong)
        return description, category

    @staticmethod
    def _image_wish(call: Call) -> tuple[str, int]:
        query = {name.lower(): value for name, value in call.request.query.items()}
        kind, size = query.get("qrimageformat", "SVG").upper(), query.get("qrimagesize", "1024")
        wrong: list[tuple[str, str]] = []
        if kind not in ("PNG", "SVG"):
            wrong.append(("QrImageFormat", "Must be PNG or SVG."))
        if not (size.isascii() and size.isdigit() and 100 <= int(size) <= 2000):
            wrong.append(("QrImageSize", "Must be 100 to 2000."))
        if wrong:
            raise QrFieldErrors(wrong)
        return kind.lower(), int(size)

    def _item(self, call: Call, qr: MerchantQr, image: tuple[str, int]) -> dict[str, Any]:
        base = f"{call.request.scheme}://{call.request.host}"
        return {
            "merchantSerialNumber": qr.msn, "merchantQrId": qr.merchantQrId,
            "locationDescription": qr.locationDescription, "qrImageUrl": base + self.image_path(qr, *image),
            "qrContent": qr.content,
        }

    # Images

    def image_path(self, qr: MerchantQr, kind: str = "svg", size: int = 1024) -> str:
        """An address that needs no keys and dies after an hour."""
        until = int(self.world.clock.now()) + IMAGE_LIFE
        query = {"msn": qr.msn, "id": qr.merchantQrId, "size": size, "until": until}
        return f"/qr-images/qr.{kind}?" + urlencode({**query, "seal": self._seal(qr.key, until)})

    def _seal(self, key: str, until: int) -> str:
        return hmac.new(self.world.secret.encode(), f"{key} {until}".encode(), hashlib.sha256).hexdigest()[:32]

    async def image(self, request: web.Request) -> web.Response:
        query = request.query
        key, until = f"{query.get('msn')}/{query.get('id')}", query.get("until", "")
        qr = self.world.qrs.get(key)
        seal = self._seal(key, int(until)) if until.isascii() and until.isdigit() else ""
        if not seal or not hmac.compare_digest(query.get("seal", "").encode(), seal.encode()) or qr is None:
            return web.Response(status=404, text="There is no such code.")
        if self.world.clock.now() > int(until):
            return web.Response(status=410, text="This address has expired; ask for the code again.")
        return drawn(qr.content, request.match_info["kind"], query.get("size", "1024"))

    async def one_time_image(self, request: web.Request) -> web.Response:
        payment = self.world.by_token.get(request.query.get("token", ""))
        if payment is None:
            return web.Response(status=404, text="There is no such code.")
        if payment.state != "CREATED":
            return web.Response(status=410, text="The payment behind this code has ended.")
        kind, size = request.query.get("format", "svg"), request.query.get("size", "1024")
        return drawn(one_time_content(payment), kind, size)


def drawn(content: str, kind: str, size: str = "1024") -> web.Response:
    pixels = min(2000, max(100, int(size))) if size.isascii() and size.isdigit() else 1024
    try:
        if kind == "png":
            return web.Response(body=qrcodes.png(content, pixels), content_type="image/png")
        return web.Response(body=qrcodes.svg(content), content_type="image/svg+xml")
    except qrcodes.NoQrLibrary as error:
        return web.Response(status=503, text=str(error))
