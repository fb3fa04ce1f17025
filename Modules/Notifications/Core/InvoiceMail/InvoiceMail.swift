import Foundation
import SharedKernel

/// How the mail server took a mail.
package enum MailOutcome: Sendable, Hashable {
    /// It answered that it has it.
    case accepted
    /// It surely does not have it, and may take it later: 4xx, or the connection broke before the mail was complete.
    case postponed(reason: String)
    /// It will never take it: 5xx.
    case refused(reason: String)
    /// The whole mail was given and no answer came: it has it or not, and only its operator can tell.
    case unknown(reason: String)
}

/// The mail of one sale on its way. There is never a second one for the sale.
///
/// The mail counts as *handed over* from the moment before its last line is given to the server. Up to then the server
/// cannot have taken it, so it may be given again; after that only the server's answer tells. When there is none the
/// mail is *in doubt*: it is not sent again by itself, since nobody may get an invoice twice, but an operator may
/// decide to.
package struct InvoiceMail: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        case waiting(notBefore: Date)
        case sending
        case handedOver
        case mailed(at: Date)
        case failed(reason: String, at: Date)
        case inDoubt(reason: String, at: Date)
    }

    package let saleID: SaleID
    package let tenantID: TenantID
    package let saleIdentifier: String
    package let maskedAddress: String
    package var state: State
    /// Tries that were begun since it was queued, or queued again by an operator, but for those our own end interrupted.
    package var attempts: Int
    package let queuedAt: Date
    /// True once the address and the content are gone.
    package var isErased: Bool

    package init(
        saleID: SaleID, tenantID: TenantID, saleIdentifier: String, maskedAddress: String, state: State, attempts: Int,
        queuedAt: Date, isErased: Bool
    ) {
        self.saleID = saleID
        self.tenantID = tenantID
        self.saleIdentifier = saleIdentifier
        self.maskedAddress = maskedAddress
        self.state = state
        self.attempts = attempts
        self.queuedAt = queuedAt
        self.isErased = isErased
    }
}

package enum InvoiceMailCommand: Sendable, Hashable {
    /// The mailer takes it in hand.
    case begin
    /// The last line is about to be given to the server.
    case handOver
    case conclude(MailOutcome)
    /// The service starts again and finds it in whatever state the last run left it.
    case recover
    /// Our own records have been put back to an earlier state: it may have been mailed since.
    case distrust
    /// An operator wants it sent again.
    case resend
}

package enum InvoiceMailEvent: Sendable, Hashable {
    case queuedAgain
    case begun
    case handedOver
    case postponed(until: Date)
    /// The service stopped before the server had the mail. That is no failure of the server, and makes no pause longer.
    case interrupted(at: Date)
    case mailed(at: Date)
    case failed(reason: String, at: Date)
    case fellInDoubt(reason: String, at: Date)
}

package enum InvoiceMailRefusal: Error, Sendable, Hashable {
    case notFound
    case notDue
    case notInHand
    case alreadyMailed
    /// Its address was erased; it cannot be sent any more.
    case erased
}

/// When and how often it is tried.
package enum InvoiceMailPolicy {
    package static let attemptsMax = 30
    /// An address of a mail that failed is kept this long, for an operator to send it again.
    package static let addressKeptAfterFailure: Duration = .seconds(30 * 24 * 3600)

    /// Seconds.
    package static let pauseMax: TimeInterval = 3600

    /// 30 s, doubled with each failure, at most an hour: a day in all.
    package static func pause(afterAttempt attempt: Int) -> TimeInterval {
        min(pauseMax, 30 * pow(2, Double(max(0, min(attempt, 20) - 1))))
    }

    /// Whether a mail that waits until `notBefore` may be tried. What lies further ahead than any pause was planned by a
    /// clock that has been set back since.
    package static func isDue(_ notBefore: Date, at now: Date) -> Bool {
        notBefore <= now || notBefore > now.addingTimeInterval(pauseMax)
    }
}

extension InvoiceMail {
    package func decide(
        _ command: InvoiceMailCommand, now: Date
    ) throws(InvoiceMailRefusal) -> [InvoiceMailEvent] {
        switch (command, state) {
        case (.begin, .waiting(let notBefore)):
            guard InvoiceMailPolicy.isDue(notBefore, at: now) else { throw .notDue }
            return [.begun]
        case (.begin, .sending), (.begin, .handedOver), (.begin, .mailed), (.begin, .failed), (.begin, .inDoubt):
            throw .notDue

        case (.handOver, .sending): return [.handedOver]
        case (.handOver, .waiting), (.handOver, .handedOver), (.handOver, .mailed), (.handOver, .failed),
            (.handOver, .inDoubt):
            throw .notInHand

        case (.conclude(let outcome), .sending), (.conclude(let outcome), .handedOver):
            return [conclusion(of: outcome, now: now)]
        case (.conclude, .waiting), (.conclude, .mailed), (.conclude, .failed), (.conclude, .inDoubt):
            throw .notInHand

        case (.recover, .sending): return [.interrupted(at: now)]
        case (.recover, .handedOver):
            return [.fellInDoubt(reason: "the service stopped before the mail server had answered", at: now)]
        case (.recover, .waiting), (.recover, .mailed), (.recover, .failed), (.recover, .inDoubt): return []

        case (.distrust, .waiting), (.distrust, .sending), (.distrust, .handedOver):
            let reason = "the relay's database was restored from a copy; it may have been mailed before"
            return [.fellInDoubt(reason: reason, at: now)]
        case (.distrust, .mailed), (.distrust, .failed), (.distrust, .inDoubt): return []

        case (.resend, .failed), (.resend, .inDoubt):
            guard !isErased else { throw .erased }
            return [.queuedAgain]
        case (.resend, .waiting), (.resend, .sending), (.resend, .handedOver): return []
        case (.resend, .mailed): throw .alreadyMailed
        }
    }

    private func conclusion(of outcome: MailOutcome, now: Date) -> InvoiceMailEvent {
        switch outcome {
        case .accepted: .mailed(at: now)
        case .refused(let reason): .failed(reason: reason, at: now)
        case .unknown(let reason): .fellInDoubt(reason: reason, at: now)
        case .postponed(let reason):
            attempts >= InvoiceMailPolicy.attemptsMax
                ? .failed(reason: "given up after \(attempts) tries: \(reason)", at: now)
                : .postponed(until: now.addingTimeInterval(InvoiceMailPolicy.pause(afterAttempt: attempts)))
        }
    }

    package func evolved(by event: InvoiceMailEvent) -> InvoiceMail {
        var next = self
        switch event {
        case .queuedAgain:
            next.state = .waiting(notBefore: .distantPast)
            next.attempts = 0
        case .begun:
            next.state = .sending
            next.attempts += 1
        case .handedOver: next.state = .handedOver
        case .postponed(let until): next.state = .waiting(notBefore: until)
        case .interrupted(let at):
            next.state = .waiting(notBefore: at)
            next.attempts -= 1
        case .mailed(let at):
            next.state = .mailed(at: at)
            next.isErased = true
        case .failed(let reason, let at): next.state = .failed(reason: reason, at: at)
        case .fellInDoubt(let reason, let at): next.state = .inDoubt(reason: reason, at: at)
        }
        return next
    }
}
