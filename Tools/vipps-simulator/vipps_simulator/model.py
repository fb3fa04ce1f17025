"""The things the simulator knows. All of them are plain data that can be stored as JSON."""

from dataclasses import dataclass, field
from typing import Any

CURRENCIES = {"NO": "NOK", "DK": "DKK", "FI": "EUR"}
SMALLEST_AMOUNT = {"NOK": 100, "DKK": 1, "EUR": 1}
BEHAVIOURS = (
    "manual", "approves", "declines", "slow", "no-card", "expired-card", "unknown",
    "approves-before-cancel", "approves-after-cancel", "processing-before-cancel",
)
DAY = 86_400.0


@dataclass
class SalesUnit:
    """A point of sale with its market, currency and the switches Vipps sets for it."""

    msn: str
    name: str
    market: str
    currency: str
    pushApproved: bool = True
    partialCaptureAllowed: bool = True
    bankAccountVerified: bool = True
    refundAllowed: bool = True
    paymentAllowed: bool = True
    lateCapture: bool = False
    longLivingAllowed: bool = False

    def capture_days(self) -> int:
        return 180 if self.market == "NO" or self.lateCapture else 14


@dataclass
class KeySet:
    """One client id, secret and pair of subscription keys, for one or several sales units."""

    id: str
    clientId: str
    clientSecret: str
    subscriptionKeys: list[str]
    msns: list[str]
    partner: bool = False


@dataclass
class Customer:
    """A person with a phone. Times are in seconds."""

    phone: str
    name: str
    market: str = "NO"
    behaviour: str = "manual"
    afterSeconds: float = 0.0
    age: int = 40
    approvedOnce: bool = True
    personalToken: str = ""

    @property
    def personal_qr(self) -> str:
        return f"https://qr.vipps.no/p/{self.personalToken}"


@dataclass
class Payment:
    """A payment; amounts in minor units, moments in seconds since 1970."""

    msn: str
    reference: str
    psp_reference: str
    currency: str
    amount: int
    user_flow: str
    description: str
    created_at: float
    expires_at: float
    state: str = "CREATED"
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    cancelled: int = 0
    phone: str | None = None
    token: str = ""
    redirect_url: str | None = None
    customer_interaction: str = "CUSTOMER_NOT_PRESENT"
    identified_by: str | None = None
    processing_until: float | None = None
    processing_then: str = "nothing"
    authorized_at: float | None = None
    captured_at: float | None = None
    card_trouble: str | None = None
    metadata: dict[str, str] | None = None
    scope: str | None = None
    receipt: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.msn}/{self.reference}"

    def money(self, value: int) -> dict[str, Any]:
        return {"currency": self.currency, "value": value}

    def aggregate(self) -> dict[str, Any]:
        return {
            "authorizedAmount": self.money(self.authorized), "capturedAmount": self.money(self.captured),
            "refundedAmount": self.money(self.refunded), "cancelledAmount": self.money(self.cancelled),
        }

    def is_processing(self, now: float) -> bool:
        return self.state == "CREATED" and self.processing_until is not None and now < self.processing_until


@dataclass
class Registration:
    """A webhook registration; `msn` is None when it holds for all units of a partner's keys."""

    id: str
    secret: str
    url: str
    events: list[str]
    key_set: str
    msn: str | None
    created_at: float
    failing_since: float | None = None


@dataclass
class MerchantQr:
    """A printed code. `kind` is callback or mobilepay (a converted beacon)."""

    msn: str
    merchantQrId: str
    locationDescription: str
    content: str
    kind: str = "callback"
    category: str = "IN_STORE"

    @property
    def key(self) -> str:
        return f"{self.msn}/{self.merchantQrId}"


@dataclass
class CheckIn:
    """A customer's scan of a till's code; the token identifies the customer for 15 minutes."""

    token: str
    phone: str
    msn: str
    merchantQrId: str
    initiated_at: float
    status: str = "connecting"
    reference: str | None = None


@dataclass
class KeptOutcome:
    """What an idempotency key gave the first time."""

    key: str
    fingerprint: str
    status: int
    body: Any
    content_type: str
