import Foundation
import MessageContracts
import SharedKernel

/// A message between the services, as its contract. JSON is left out: golden files hold it elsewhere.
enum Told: Sendable {
    case startPayment(StartPayment)
    case abortPayment(AbortPayment)
    case refundPayment(RefundPayment)
    case saleStarted(SaleStarted)
    case saleCompleted(SaleCompleted)
    case saleReturned(SaleReturned)
    case cashReceived(CashReceived)
    case cashPaidOut(CashPaidOut)
    case requestedAtVipps(PaymentRequestedAtVipps)
    case authorized(PaymentAuthorized)
    case captured(PaymentCaptured)
    case aborted(PaymentAborted)
    case expired(PaymentExpired)
    case terminated(PaymentTerminated)
    case released(PaymentReleased)
    case failed(PaymentFailed)
    case refunded(PaymentRefunded)
    case refundFailed(RefundFailed)
    case eventRecorded(PaymentEventRecorded)
    case checkedIn(CustomerCheckedIn)
    case mailed(InvoiceMailed)
    case mailFailed(InvoiceMailFailed)

    var channel: Channel {
        switch self {
        case .startPayment, .abortPayment, .refundPayment: .commands
        case .saleStarted, .saleCompleted, .saleReturned, .cashReceived, .cashPaidOut: .sales
        case .requestedAtVipps, .authorized, .captured, .aborted, .expired, .terminated, .released, .failed,
            .refunded, .refundFailed, .eventRecorded:
            .payments
        case .checkedIn: .checkIns
        case .mailed, .mailFailed: .mail
        }
    }
}

/// A message with what its envelope says of it.
struct Letter: Sendable {
    let told: Told
    let tenant: TenantID
}

extension Told {
    static func checkedIn(
        _ id: CheckInID, msn: String, code: String, at initiatedAt: Date, until validUntil: Date
    ) -> Told {
        .checkedIn(
            CustomerCheckedIn(
                checkInID: id, msn: msn, merchantQRID: code, initiatedAt: initiatedAt, validUntil: validUntil))
    }
}

extension Told {
    /// For the trace.
    var words: String {
        if case .eventRecorded(let line) = self { return "log line \(line.origin.rawValue) \(line.name)" }
        return String("\(self)".prefix { $0 != "(" })
    }
}
