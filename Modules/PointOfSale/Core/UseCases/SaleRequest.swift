import SharedKernel

/// What a cashier asks of a sale, in the words of a page: nothing looked up, nothing sealed yet.
package enum SaleRequest: Sendable, Hashable {
    package enum Choice: Sendable, Hashable {
        case product(ProductID)
        /// A barcode or a product number, from the scanner or the keyboard.
        case code(String)
    }

    package enum Identifying: Sendable, Hashable {
        /// As it was typed.
        case phone(String)
        /// As the till's scanner read it.
        case personalQR(String)
        case checkIn(CheckInID)
        /// Waits until the customer scans the till's printed code (or is identified in another way).
        case merchantQR
        case oneTimeQR
    }

    package enum ReturnedLines: Sendable, Hashable {
        case all
        case some([LineQuantity])
    }

    case addProduct(Choice, quantity: Int)
    case changeQuantity(SaleLineID, Int)
    case changePrice(SaleLineID, Money)
    case changeDiscount(SaleLineID, Discount)
    case removeLine(SaleLineID)
    case setInvoiceEmail(EmailAddress?)
    case park
    /// At the till of the session.
    case resume
    case startPayment(PaymentOptionID, amount: Money?, Identifying?, invoiceEmail: EmailAddress?)
    case identify(PaymentID, Identifying)
    case changeIdentification(PaymentID, Identifying?)
    case abortPayment(PaymentID)
    case payCash(PaymentOptionID, amount: Money?, received: Money, invoiceEmail: EmailAddress?)
    case complete
    case abandon
    /// Answered with the new return.
    case returnLines(ReturnedLines)
    case refundOriginalPayment(PaymentID, Money)
    case refundPayment(PaymentID, Money, reason: String)

    /// Tells one request from another without anything personal, so that a command identifier is not used for two things.
    var fingerprint: String {
        switch self {
        case .addProduct(.product(let id), let quantity): "add-product \(id) \(quantity)"
        case .addProduct(.code(let code), let quantity): "add-product \(code) \(quantity)"
        case .changeQuantity(let line, let quantity): "change-quantity \(line) \(quantity)"
        case .changePrice(let line, let price): "change-price \(line) \(price)"
        case .changeDiscount(let line, .none): "change-discount \(line)"
        case .changeDiscount(let line, .amount(let amount)): "change-discount \(line) \(amount)"
        case .changeDiscount(let line, .rate(let rate)): "change-discount \(line) \(rate)"
        case .removeLine(let line): "remove-line \(line)"
        case .setInvoiceEmail(let email): "set-invoice-email \(email == nil ? "none" : "some")"
        case .park: "park"
        case .resume: "resume"
        case .startPayment(let option, let amount, let how, _):
            "start-payment \(option) \(Self.text(amount)) \(Self.text(how))"
        case .identify(let payment, let how): "identify \(payment) \(Self.text(how))"
        case .changeIdentification(let payment, let how): "change-identification \(payment) \(Self.text(how))"
        case .abortPayment(let payment): "abort-payment \(payment)"
        case .payCash(let option, let amount, let received, _): "pay-cash \(option) \(Self.text(amount)) \(received)"
        case .complete: "complete"
        case .abandon: "abandon"
        case .returnLines(.all): "return-lines all"
        case .returnLines(.some(let lines)):
            "return-lines " + lines.map { "\($0.lineID) \($0.quantity)" }.joined(separator: " ")
        case .refundOriginalPayment(let payment, let amount): "refund-original-payment \(payment) \(amount)"
        case .refundPayment(let payment, let amount, let reason): "refund-payment \(payment) \(amount) \(reason)"
        }
    }

    private static func text(_ amount: Money?) -> String { amount?.description ?? "due" }

    private static func text(_ how: Identifying?) -> String {
        switch how {
        case nil, .merchantQR: "merchant-qr"
        case .phone: "phone"
        case .personalQR: "personal-qr"
        case .checkIn(let id): "check-in \(id)"
        case .oneTimeQR: "one-time-qr"
        }
    }
}
