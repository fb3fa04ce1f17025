import Foundation
import GRDB
import Payments
import SharedKernel

/// The columns of `payment_customer`.
struct CustomerRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "payment_customer"
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }
    static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy { .convertToSnakeCase }

    let paymentId: String
    let kind: String
    let envelope: Data?
    let checkInId: String?

    init(_ customer: CustomerReference, of payment: PaymentID) {
        paymentId = payment.text
        switch customer {
        case .phoneNumber(let sealed): (kind, envelope, checkInId) = ("phone-number", sealed.envelope, nil)
        case .personalQR(let sealed): (kind, envelope, checkInId) = ("personal-qr", sealed.envelope, nil)
        case .checkIn(let checkIn): (kind, envelope, checkInId) = ("check-in", nil, checkIn.text)
        case .oneTimeQR: (kind, envelope, checkInId) = ("one-time-qr", nil, nil)
        }
    }

    func customer() throws -> CustomerReference {
        switch (kind, envelope, checkInId.flatMap { CheckInID($0) }) {
        case ("phone-number", let envelope?, _): return .phoneNumber(Sealed(envelope: envelope))
        case ("personal-qr", let envelope?, _): return .personalQR(Sealed(envelope: envelope))
        case ("check-in", _, let checkIn?): return .checkIn(checkIn)
        case ("one-time-qr", _, _): return .oneTimeQR
        default: throw UnreadablePayment(paymentId, "customer")
        }
    }
}
