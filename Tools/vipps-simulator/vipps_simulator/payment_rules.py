"""What may be done to a payment, and what it does to the money. No clock, no HTTP: `now` is given."""

from .model import DAY, Payment, SalesUnit
from .problems import DomainError

APPROVAL_TROUBLE = {
    151: "Not enough money on the card", 182: "The card issuer refused the payment",
    183: "The payment was stopped on suspicion of fraud", 184: "The card's limit is exceeded",
    186: "The card has expired", 187: "The card is not valid", 197: "The bank did not confirm that it is you",
    202: "The bank wants stronger identification",
}
UNKNOWN_FOR_AN_HOUR = 201
REFUND_TROUBLE = {123: 5100, 124: 6220}


def capture(payment: Payment, unit: SalesUnit, value: int, currency: str, now: float) -> None:
    if payment.state == "CREATED":
        raise DomainError(6080, "The customer has not approved the payment yet.")
    if payment.state == "TERMINATED":
        raise DomainError(6070, "The payment was cancelled before it was approved.")
    if payment.state != "AUTHORIZED":
        raise DomainError(6200, f"A payment in state {payment.state} cannot be captured.")
    check_currency(payment, currency)
    check_positive(value)
    if payment.captured == payment.authorized:
        raise DomainError(6170, "The whole amount is captured already.")
    if payment.cancelled:
        raise DomainError(6070, "What was not captured has been cancelled.")
    if now > payment.authorized_at + unit.capture_days() * DAY:
        raise DomainError(6100, f"The payment had to be captured within {unit.capture_days()} days.")
    left = payment.authorized - payment.captured
    if value > left:
        raise DomainError(6090, f"Only {left} {payment.currency} minor units are left to capture.")
    if not unit.partialCaptureAllowed and value != payment.authorized:
        raise DomainError(6140, "This sales unit may only capture the full amount.")
    payment.captured += value
    payment.captured_at = now


def refund(payment: Payment, unit: SalesUnit, value: int, currency: str, now: float) -> None:
    if payment.state != "AUTHORIZED":
        raise DomainError(6020, "Nothing is reserved, so nothing can be refunded.")
    if payment.captured == 0:
        raise DomainError(6210, "Nothing is captured; cancel the payment instead.")
    check_currency(payment, currency)
    check_positive(value)
    if not unit.refundAllowed:
        raise DomainError(5100, "This sales unit is not set up for refunds.")
    if payment.refunded == payment.captured:
        raise DomainError(6180, "All that was captured is refunded already.")
    if now > payment.captured_at + 365 * DAY:
        raise DomainError(6220, "Refunds are possible within 365 days.")
    left = payment.captured - payment.refunded
    if value > left:
        raise DomainError(6150, f"Only {left} {payment.currency} minor units are left to refund.")
    if value in REFUND_TROUBLE:
        raise DomainError(REFUND_TROUBLE[value], "The money cannot be returned to this customer.")
    payment.refunded += value


def cancel(payment: Payment, unit: SalesUnit, transaction_only: bool, now: float) -> tuple[str, int]:
    """Returns the event's name and amount."""
    if payment.is_processing(now):
        raise DomainError(6250, "The customer is in the middle of approving; try again in a moment.")
    if payment.state == "CREATED":
        payment.state = "TERMINATED"
        payment.cancelled = payment.amount
        return "TERMINATED", payment.amount
    if payment.state != "AUTHORIZED":
        raise DomainError(6050, f"A payment in state {payment.state} holds no reservation.")
    if transaction_only:
        raise DomainError(6060, "The customer has approved the payment.")
    if payment.captured == payment.authorized:
        raise DomainError(6040, "The whole amount is captured; refund it instead.")
    left = payment.authorized - payment.captured - payment.cancelled
    if left == 0:
        raise DomainError(6190, "What was not captured is cancelled already.")
    if now > payment.authorized_at + unit.capture_days() * DAY:
        raise DomainError(6030, f"The payment had to be cancelled within {unit.capture_days()} days.")
    payment.cancelled += left
    return "CANCELLED", left


def approve(payment: Payment, now: float) -> None:
    """The money is reserved. The caller has made sure that the payment is CREATED."""
    payment.state = "AUTHORIZED"
    payment.authorized = payment.amount
    payment.authorized_at = now
    payment.processing_until = None
    payment.card_trouble = None


def check_currency(payment: Payment, currency: str) -> None:
    if currency != payment.currency:
        raise DomainError(5040, f"The payment is in {payment.currency}.")


def check_positive(value: int) -> None:
    if value < 1:
        raise DomainError(4040, "The amount must be more than 0.")
