"""The error bodies of the API: gateway style, field errors and domain errors."""

import secrets
from dataclasses import dataclass, field
from typing import Any

TITLES = {
    3010: "Internal error", 4010: "Capture idempotency conflict", 4020: "Idempotency error", 4040: "Invalid amount",
    4050: "Invalid CustomerToken", 4060: "Invalid PersonalQr", 4070: "Invalid phone number", 4080: "Invalid scope",
    4090: "Invalid URL", 4100: "Metadata capacity exceeded", 4110: "Metadata duplicate keys not allowed",
    4120: "Metadata key length exceeded", 4130: "Metadata value length exceeded", 4140: "Missing required parameter",
    4150: "Reference exists", 4160: "Invalid payment method type", 5010: "Blocking sources not applicable",
    5020: "Express payment not allowed", 5030: "Illegal scope", 5040: "Invalid currency for merchant",
    5050: "Long-living payment not allowed", 5060: "Merchant bank account not verified",
    5070: "Payment cannot be created", 5080: "PUSH_MESSAGE not allowed", 5090: "Reference not found",
    5100: "Refund not possible", 6010: "Amount too small", 6020: "Attempted refund before reservation",
    6030: "Cancel period expired", 6040: "Cannot cancel a captured payment",
    6050: "Cannot cancel a non-reserved payment", 6060: "Cannot cancel authorized payment",
    6070: "Cannot capture a cancelled payment",
    6080: "Cannot capture before reservation", 6090: "Capture amount too high", 6100: "Capture period expired",
    6110: "Expiration date is too late", 6120: "Expiration date is too soon",
    6130: "Long living payments require a receipt", 6140: "Must capture full amount", 6150: "Not enough refundable",
    6160: "Order processing", 6170: "Payment already captured", 6180: "Payment already refunded",
    6190: "Payment cannot be cancelled", 6200: "Payment cannot be captured", 6210: "Payment cannot be refunded",
    6220: "Refund period expired", 6230: "Payment is already reserved", 6250: "Cannot cancel processing payment",
    6260: "Funds unavailable", 6280: "Capture failed, please try again later", 7010: "Customer not found",
    10010: "Approve failed", 10020: "Approve not allowed", 10030: "Identification required",
    10040: "Invalid payment source", 10050: "No cards", 10060: "Operation not supported",
    10070: "Payment limit exceeded",
}

# Only 404 for 5090 and 409 for key conflicts are documented; the rest is this simulator's choice.
STATUSES = {5090: 404, 4010: 409, 4020: 409, 4150: 409, 3010: 500}

# A repeat with the same key may succeed after these, so their outcome is not kept under the key.
PASSING_CODES = {3010, 6160, 6250, 6260, 6280}


@dataclass
class Answer:
    """What goes back over HTTP: a JSON body (or none)."""

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """An answer that ends the work; `kept` tells whether an idempotency key remembers it."""

    kept = True

    def answer(self, instance: str, trace_id: str) -> Answer:
        raise NotImplementedError


class GatewayError(ApiError):
    """The short body of the gateway that stands in front of the services."""

    kept = False

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}

    def answer(self, instance: str, trace_id: str) -> Answer:
        return Answer(self.status, {"statusCode": self.status, "message": self.message}, headers=self.headers)


class ProblemError(ApiError):
    """application/problem+json."""

    def __init__(self, status: int, title: str, detail: str, extra: list[tuple[str, str]], extra_name="extraDetails"):
        super().__init__(detail)
        self.status, self.title, self.detail, self.extra, self.extra_name = status, title, detail, extra, extra_name

    def answer(self, instance: str, trace_id: str) -> Answer:
        body = {
            "type": f"https://httpstatuses.io/{self.status}", "title": self.title, "detail": self.detail,
            "status": self.status, "instance": instance, "traceId": trace_id,
            self.extra_name: [{"name": name, "reason": reason} for name, reason in self.extra],
        }
        return Answer(self.status, body, "application/problem+json")


class FieldErrors(ProblemError):
    """400 that names every wrong field."""

    def __init__(self, fields: list[tuple[str, str]]):
        super().__init__(400, "Bad Request", "See extraDetails for further details", fields)


class QrFieldErrors(ProblemError):
    """The QR API calls the list `invalidParams`."""

    def __init__(self, fields: list[tuple[str, str]], status: int = 400, title: str = "Bad Request"):
        super().__init__(status, title, "See invalidParams for further details", fields, "invalidParams")


class DomainError(ProblemError):
    """A refusal with a code."""

    def __init__(self, code: int, detail: str, status: int | None = None, title: str | None = None):
        super().__init__(
            status or STATUSES.get(code, 400), title or TITLES[code], detail, [("ErrorCode", str(code))]
        )
        self.code = code
        self.kept = code not in PASSING_CODES


class EmptyError(ApiError):
    """A status without a body."""

    def __init__(self, status: int):
        super().__init__(str(status))
        self.status = status

    def answer(self, instance: str, trace_id: str) -> Answer:
        return Answer(self.status)


class ControlError(Exception):
    """A refusal of the control interface."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


def trace_id(traceparent: str | None) -> str:
    """W3C form; keeps the caller's trace when it sent one."""
    parts = (traceparent or "").split("-")
    trace = parts[1] if len(parts) == 4 and len(parts[1]) == 32 else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"
