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

    /// The operation to be worked on: money before refunds, refunds in their order and not before the payment has ended.
    package var currentOperation: PaymentOperation? {
        operations.first { $0.isOpen && !$0.act.isRefund }
            ?? (phase.isEnd ? operations.first { $0.isOpen } : nil)
    }

    package var isCalling: Bool { operations.contains { $0.isCalling } }

    /// How pressing a call is, for those who have to choose.
    package enum Urgency: Sendable, Hashable, CaseIterable {
        /// Something has happened, or is to be done.
        case urgent
        /// A look because some time has passed.
        case routine
    }

    /// When the next call is due; `nil` when nothing is to be asked, or while an operation is under way.
    package var dueAt: Date? { candidates.map(\.at).min() }

    /// The same for calls of one urgency.
    package func dueAt(_ urgency: Urgency) -> Date? { candidates.filter { $0.urgency == urgency }.map(\.at).min() }

    /// The call to make now. Of several that are due, what moves money comes first and the log last.
    package func nextCall(at now: Date) -> Call? { candidates.first { $0.at <= now }?.call }

    private struct Candidate {
        let call: Call
        let at: Date
        var urgency = Urgency.urgent
    }

    /// In the order of importance.
    private var candidates: [Candidate] {
        if isCalling { return [] }
        var candidates: [Candidate] = []
        if let operation = currentOperation, case .waiting(let until) = operation.progress {
            let at = callWindows.earliest(operation.act.kind, from: until)
            candidates.append(Candidate(call: .perform(operation), at: at))
        }
        if let at = look.at {
            let urgency: Urgency = look.isRoutine ? .routine : .urgent
            candidates.append(Candidate(call: .look, at: callWindows.earliest(.get, from: at), urgency: urgency))
        }
        if let at = logReading.at {
            candidates.append(Candidate(call: .readLog, at: callWindows.earliest(.events, from: at)))
        }
        return candidates
    }
}
