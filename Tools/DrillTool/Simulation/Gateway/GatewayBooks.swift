import Foundation
import MessageContracts
import Payments
import SharedKernel

/// What vipps-gateway keeps.
struct GatewayContent: Sendable {
    struct KeptCheckIn: Sendable {
        let id: CheckInID
        let tenant: TenantID
        let token: String
        let validUntil: Date
    }

    struct LineName: Hashable, Sendable {
        let payment: PaymentID
        let origin: LogLine.Origin
        let name: String
        let pspReference: String
        let success: Bool
    }

    var payments: [Payment] = []
    var indexes: [PaymentID: Int] = [:]
    var checkIns: [KeptCheckIn] = []
    var linesSeen: Set<LineName> = []
    /// For the sabotage that forgets what was given up.
    var forgotten: Set<PaymentID> = []
}

/// The payments in one open transaction of vipps-gateway.
final class GatewayBooks: PaymentBooks {
    var draft: Draft<GatewayContent>

    init(_ draft: Draft<GatewayContent>) { self.draft = draft }

    func payment(_ name: PaymentName) -> Payment? {
        draft.content.indexes[name.paymentID].map { draft.content.payments[$0] }.flatMap { $0.name == name ? $0 : nil }
    }

    func isKnown(_ id: PaymentID) -> Bool { draft.content.indexes[id] != nil }

    func payment(of tenant: TenantID, msn: String, reference: String) -> Payment? {
        draft.content.payments.first {
            $0.terms.address.reference == reference && $0.terms.address.msn == msn && $0.name.tenantID == tenant
        }
    }

    func save(_ payment: Payment, after events: [PaymentEvent], at moment: Moment) {
        let id = payment.terms.paymentID
        if let index = draft.content.indexes[id] {
            draft.content.payments[index] = payment
        } else {
            draft.content.indexes[id] = draft.content.payments.count
            draft.content.payments.append(payment)
        }
        for event in events {
            if case .logged(let line) = event {
                keep(line, of: payment, at: moment.now)
            } else if let told = Told(event, of: payment) {
                draft.tell(told, of: payment.name.tenantID)
            }
        }
    }

    private func keep(_ line: LogLine, of payment: Payment, at now: Date) {
        let id = payment.terms.paymentID
        if let psp = line.pspReference {
            let name = GatewayContent.LineName(
                payment: id, origin: line.origin, name: line.name, pspReference: psp, success: line.success)
            guard draft.content.linesSeen.insert(name).inserted else { return }
        }
        draft.tell(Told(line, of: payment, id: .new(at: now)), of: payment.name.tenantID)
    }

    func tell(_ refusal: UnkeptRefusal, of tenant: TenantID, at moment: Moment) {
        draft.tell(Told(refusal, at: moment.now), of: tenant)
    }

    func keep(_ refused: RefusedCommand) {}
}
