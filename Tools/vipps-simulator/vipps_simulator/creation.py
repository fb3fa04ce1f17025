"""Creating a payment: what is checked, in which order, and what comes of it."""

import re
from urllib.parse import urlsplit

from . import ids
from .calls import Call
from .clock import parse_iso
from .fields import REFERENCE, Fields, json_object
from .model import DAY, SMALLEST_AMOUNT, Customer, Payment, SalesUnit
from .problems import DomainError, FieldErrors
from .receipts import check_receipt
from .world import World

KNOWN = {
    "amount", "customer", "customerInteraction", "industryData", "paymentMethod", "profile", "reference", "returnUrl",
    "userFlow", "expiresAt", "qrFormat", "paymentDescription", "receipt", "metadata", "receiptUrl", "minimumUserAge",
    "merchantLegalLinks", "shipping",
}
FLOWS = ("PUSH_MESSAGE", "WEB_REDIRECT", "QR", "NATIVE_REDIRECT")
QR_FORMATS = ("TEXT/TARGETURL", "IMAGE/SVG+XML", "IMAGE/PNG")
SCOPES = {"name", "phoneNumber", "email", "address", "birthDate"}
NATIONAL_NUMBERS = {"47": (8, 8), "45": (8, 8), "46": (7, 9), "358": (5, 10)}
TOKEN_LIFE = 15 * 60
OPEN_FOR = 10 * 60


class Creation:
    """One create call."""

    def __init__(self, world: World, call: Call):
        self.world, self.call, self.now = world, call, world.clock.now()
        self.body = json_object(call.body)
        self.fields = Fields()
        self.person: Customer | None = None
        self.identified_by: str | None = None

    def payment(self) -> Payment:
        """Raises field errors first, all together; then the first domain error."""
        body, unit = self.body, self.call.sales_unit
        self._check_shape()
        value, currency = self._money()
        self.fields.check()
        self._check_money(value, currency, unit)
        self._check_rules(unit)
        if f"{unit.msn}/{body['reference']}" in self.world.payments:
            raise DomainError(4150, "A payment with this reference exists already.")
        expires_at = self._expiry(unit)
        self._find_customer()
        payment = Payment(
            unit.msn, body["reference"], ids.guid(), currency, value, body["userFlow"],
            body.get("paymentDescription") or "", self.now, expires_at,
            phone=self.person.phone if self.person else None, token=ids.url_token(),
            customer_interaction=body.get("customerInteraction") or "CUSTOMER_NOT_PRESENT",
            identified_by=self.identified_by, metadata=body.get("metadata"),
            scope=(body.get("profile") or {}).get("scope"), receipt=body.get("receipt"),
        )
        payment.redirect_url = self._redirect_url(payment)
        self._use_check_in()
        return payment

    # Shape

    def _check_shape(self) -> None:
        body, fields = self.body, self.fields
        for name in sorted(set(body) - KNOWN):
            fields.wrong(name, f"The field {name} is not known.")
        fields.text(body, "reference", required=True, pattern=REFERENCE)
        fields.choice(body, "userFlow", FLOWS, required=True)
        fields.choice(body, "customerInteraction", ("CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"))
        fields.text(body, "paymentDescription", 3, 100)
        fields.text(body, "returnUrl", 1, 2500)
        fields.text(body, "receiptUrl", 1, 2500)
        fields.number(body, "minimumUserAge", 0, 100)
        method = fields.thing(body, "paymentMethod", required=True)
        if method is not None:
            fields.text(method, "type", required=True, label="PaymentMethod.Type")
        for name in ("profile", "metadata", "shipping", "industryData", "merchantLegalLinks"):
            fields.thing(body, name)
        receipt = fields.thing(body, "receipt")
        if receipt is not None:
            check_receipt(fields, receipt)
        self._check_customer_shape()
        self._check_qr_shape()

    def _money(self) -> tuple[int, str]:
        return self.fields.amount(self.body, "amount") or (0, "")

    def _check_customer_shape(self) -> None:
        customer = self.fields.thing(self.body, "customer")
        if customer is None:
            return
        kinds = [kind for kind in ("phoneNumber", "personalQr", "customerToken") if customer.get(kind) is not None]
        if len(kinds) != 1 or set(customer) - {"phoneNumber", "personalQr", "customerToken"}:
            self.fields.wrong("Customer", "Exactly one of phoneNumber, personalQr and customerToken must be given.")
            return
        self.fields.text(customer, "phoneNumber", pattern=r"^\d{9,15}$", label="Customer.PhoneNumber")
        self.fields.text(customer, "personalQr", 5, 255, label="Customer.PersonalQr")
        self.fields.text(customer, "customerToken", 1, 2000, label="Customer.CustomerToken")

    def _check_qr_shape(self) -> None:
        shape = self.fields.thing(self.body, "qrFormat")
        if shape is None:
            return
        if shape.get("format", QR_FORMATS[1]) not in QR_FORMATS:
            self.fields.wrong("QrFormat.Format", f"The format must be one of {', '.join(QR_FORMATS)}.")
        self.fields.number(shape, "size", 100, 2000, label="QrFormat.Size")

    # Rules

    def _check_money(self, value: int, currency: str, unit: SalesUnit) -> None:
        if currency != unit.currency:
            raise DomainError(5040, f"Sales unit {unit.msn} takes {unit.currency}.")
        if value < SMALLEST_AMOUNT[currency]:
            raise DomainError(6010, f"The smallest amount is {SMALLEST_AMOUNT[currency]} {currency} minor units.")

    def _check_rules(self, unit: SalesUnit) -> None:
        body = self.body
        if not unit.paymentAllowed:
            raise DomainError(5070, f"Sales unit {unit.msn} may not take payments.")
        if not unit.bankAccountVerified:
            raise DomainError(5060, f"The bank account of sales unit {unit.msn} is not verified.")
        if body["paymentMethod"]["type"] != "WALLET":
            raise DomainError(4160, "Only WALLET is available in the test environment.")
        if body["paymentMethod"].get("blockedSources") and unit.market not in ("DK", "FI"):
            raise DomainError(5010, "Payment sources can be blocked in Denmark and Finland only.")
        if body.get("shipping") is not None:
            raise DomainError(5020, "Express checkout is not available to this sales unit.")
        if body["userFlow"] == "PUSH_MESSAGE":
            if body.get("customer") is None:
                raise DomainError(4140, "customer is required with PUSH_MESSAGE.")
            if not unit.pushApproved:
                raise DomainError(5080, f"Sales unit {unit.msn} is not approved for PUSH_MESSAGE.")
        if body["userFlow"] == "WEB_REDIRECT" and not body.get("returnUrl"):
            raise DomainError(4140, "returnUrl is required with WEB_REDIRECT.")
        for name in ("returnUrl", "receiptUrl"):
            if body.get(name) and (not urlsplit(body[name]).scheme or urlsplit(body[name]).scheme == "http"):
                raise DomainError(4090, f"{name} must begin with https:// or an app's own scheme.")
        self._check_metadata()
        self._check_scope()

    def _check_metadata(self) -> None:
        metadata = self.body.get("metadata")
        if metadata is None:
            return
        if getattr(metadata, "repeated", False):
            raise DomainError(4110, "A key occurs twice.")
        if len(metadata) > 5:
            raise DomainError(4100, "At most 5 pairs are kept.")
        for key, value in metadata.items():
            if not isinstance(value, str):
                raise FieldErrors([("Metadata", f"The value of {key[:100]} must be a string.")])
            if len(key) > 100:
                raise DomainError(4120, "A key has at most 100 characters.")
            if len(value) > 500:
                raise DomainError(4130, "A value has at most 500 characters.")

    def _check_scope(self) -> None:
        scope = (self.body.get("profile") or {}).get("scope")
        if scope is None:
            return
        if not isinstance(scope, str):
            raise FieldErrors([("Profile.Scope", "The field Profile.Scope must be a string.")])
        wishes = set(scope.split())
        if "nin" in wishes:
            raise DomainError(5030, "The national identity number needs a permission.")
        if wishes - SCOPES:
            raise DomainError(4080, f"Unknown scope: {' '.join(sorted(wishes - SCOPES))}.")

    def _expiry(self, unit: SalesUnit) -> float:
        wish = self.body.get("expiresAt")
        if wish is None:
            return self.now + OPEN_FOR
        try:
            moment = parse_iso(wish)
        except (ValueError, AttributeError, TypeError):
            raise FieldErrors([("ExpiresAt", "The field ExpiresAt must be an RFC 3339 time with offset.")]) from None
        if self.body["userFlow"] not in ("PUSH_MESSAGE", "QR"):
            raise FieldErrors([("ExpiresAt", "ExpiresAt can be used with PUSH_MESSAGE and QR only.")])
        if not unit.longLivingAllowed:
            raise DomainError(5050, f"Sales unit {unit.msn} is not approved for long-living payments.")
        if moment <= self.now + OPEN_FOR:
            raise DomainError(6120, "The payment must stay open for more than 10 minutes.")
        if moment >= self.now + (DAY if unit.market == "NO" else 60 * DAY):
            raise DomainError(6110, "The payment must end within 60 days, in Norway within 24 hours.")
        if self.body.get("receipt") is None:
            raise DomainError(6130, "Order lines are required.")
        return moment

    # Customer

    def _find_customer(self) -> None:
        customer = self.body.get("customer")
        if customer is None:
            return
        self.identified_by = next(name for name in customer if customer[name] is not None)
        readers = {"personalQr": self._scanned_phone, "customerToken": self._checked_in_phone}
        phone = readers.get(self.identified_by, self._typed_phone)(customer[self.identified_by])
        self.person = self.world.customer(phone)
        age = self.body.get("minimumUserAge") or 0
        if self.person is None or self.person.age < age:
            raise DomainError(7010, "The customer was not found or cannot pay here.")

    @staticmethod
    def _typed_phone(phone: str) -> str:
        for country, (least, most) in NATIONAL_NUMBERS.items():
            if phone.startswith(country) and least <= len(phone) - len(country) <= most:
                return phone
        raise DomainError(4070, "The phone number must be a Nordic one with country code, digits only.")

    def _scanned_phone(self, content: str) -> str:
        phone = phone_of_personal_qr(self.world, content)
        if phone is None:
            raise DomainError(4060, "The personal code is not known.")
        return phone

    def _checked_in_phone(self, token: str) -> str:
        check_in = self.world.check_ins.get(token)
        if check_in is None or check_in.msn != self.call.msn or self.now > check_in.initiated_at + TOKEN_LIFE:
            raise DomainError(4050, "The customer token is not valid or older than 15 minutes.")
        return check_in.phone

    def _use_check_in(self) -> None:
        """The phone leaves its waiting screen."""
        if self.identified_by == "customerToken":
            check_in = self.world.check_ins[self.body["customer"]["customerToken"]]
            check_in.reference, check_in.status = self.body["reference"], "payment"
            self.world.save(check_in)

    def _redirect_url(self, payment: Payment) -> str | None:
        base = f"{self.call.request.scheme}://{self.call.request.host}"
        shape = self.body.get("qrFormat") or {}
        if payment.user_flow == "WEB_REDIRECT":
            return f"{base}/landing?token={payment.token}"
        if payment.user_flow == "NATIVE_REDIRECT":
            return f"vippsMT://?token={payment.token}"
        if payment.user_flow == "QR" and shape.get("format") == "TEXT/TARGETURL":
            return one_time_content(payment)
        if payment.user_flow == "QR":
            kind = "png" if shape.get("format") == "IMAGE/PNG" else "svg"
            return f"{base}/qr-image/v1?token={payment.token}&format={kind}&size={shape.get('size') or 1024}"
        return None


def one_time_content(payment: Payment) -> str:
    """The text inside a one-time code."""
    return f"https://qr.vipps.no/?token={payment.token}"


_OLD_PERSONAL_QR = re.compile(r"https://qr\.vipps\.no/28/2/01/031/(\d{9,15})(\?.*)?")


def phone_of_personal_qr(world: World, content: str) -> str | None:
    old = _OLD_PERSONAL_QR.fullmatch(content)
    if old:
        return old[1]
    return next((person.phone for person in world.customers.values() if person.personal_qr == content), None)
