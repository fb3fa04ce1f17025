import Foundation
import Messaging
import SharedKernel

/// Ask Vipps for this payment. Published once per payment, when the customer is identified (or needs no identification).
package struct StartPayment: MessageContract {
    package static let type = "pos.start-payment.v1"
    package static let stream = MessageStream.posPaymentCommands
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    /// The human number of the sale, for instance `OSL-1000123`.
    package let saleIdentifier: String
    /// Unique for ever within the sales unit, a new one per attempt: `^[a-zA-Z0-9-]{8,64}$`.
    package let reference: String
    package let agreementID: AgreementID
    /// Merchant Serial Number of the sales unit that takes the payment.
    package let msn: String
    package let amount: Money
    /// Shown to the customer: `[Tenant name]: payment for sale [Sale identifier]`.
    package let description: String
    package let identification: CustomerIdentification
    /// The order lines; empty when the payment is a part of the sale and the lines would not add up.
    package let receipt: [ReceiptLine]
    package let organizationalUnitID: OrganizationalUnitID
    /// The till.
    package let agentInstanceID: AgentInstanceID?
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        saleIdentifier: String,
        reference: String,
        agreementID: AgreementID,
        msn: String,
        amount: Money,
        description: String,
        identification: CustomerIdentification,
        receipt: [ReceiptLine],
        organizationalUnitID: OrganizationalUnitID,
        agentInstanceID: AgentInstanceID? = nil,
        requestedBy: UserID? = nil,
        requestedAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.reference = reference
        self.agreementID = agreementID
        self.msn = msn
        self.amount = amount
        self.description = description
        self.identification = identification
        self.receipt = receipt
        self.organizationalUnitID = organizationalUnitID
        self.agentInstanceID = agentInstanceID
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
