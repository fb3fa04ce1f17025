import Foundation
import SharedKernel

extension Payment {
    /// What to ask of Vipps.
    package enum Call: Sendable, Hashable {
        case perform(PaymentOperation)
        case look
        case readLog

        package var kind: CallKind {
            switch self {
            case .perform(let operation): operation.act.kind
            case .look: .get
            case .readLog: .events
            }
        }
    }

    /// The operation to be worked on: money before refunds, refunds in their order.
    package var currentOperation: PaymentOperation? {
        operations.first { $0.isOpen && !$0.act.isRefund } ?? operations.first { $0.isOpen }
    }

    package var isCalling: Bool { operations.contains { $0.isCalling } }

    /// When the next call is due; `nil` when nothing is to be asked, or while an operation is under way.
    package var dueAt: Date? { candidates.map(\.at).min() }

    /// The call to make now. Of several that are due, what moves money comes first and the log last.
    package func nextCall(at now: Date) -> Call? { candidates.first { $0.at <= now }?.call }

    /// In the order of importance.
    private var candidates: [(call: Call, at: Date)] {
        if isCalling { return [] }
        var candidates: [(call: Call, at: Date)] = []
        if let operation = currentOperation, case .waiting(let until) = operation.progress {
            candidates.append((.perform(operation), callWindows.earliest(operation.act.kind, from: until)))
        }
        if let at = look.at { candidates.append((.look, callWindows.earliest(.get, from: at))) }
        if let at = logReading.at { candidates.append((.readLog, callWindows.earliest(.events, from: at))) }
        return candidates
    }
}
