import Foundation
import SharedKernel

extension Payment {
    /// This payment after `event`. Cannot refuse.
    package func evolved(by event: PaymentEvent) -> Payment {
        var next = self
        switch event {
        case .requested, .refundFailed, .logged: break
        case .givenUp(let givenUp): next.givenUp = givenUp
        case .created(let at, let expiresAt, _): next.phase = .created(at: at, expiresAt: expiresAt)
        case .authorized(let at): next.phase = .authorized(at: at)
        case .captured(let amount, let at): next.phase = .captured(at: at, amount: amount)
        case .aborted(let at): next.phase = .aborted(at: at)
        case .expired(let at): next.phase = .expired(at: at)
        case .terminated(let at): next.phase = .terminated(at: at)
        case .released(_, _, let at): next.phase = .released(at: at)
        case .failed(let refusal, let at): next.phase = .failed(refusal, at: at)
        case .foundAlive(let approved, let givenUp):
            next.givenUp = givenUp
            next.phase = approved ? .authorized(at: givenUp.at) : .created(at: givenUp.at, expiresAt: givenUp.at)
        case .refunded(_, let amount, _, _, _, _): next.refundedTold += amount
        case .aggregateSeen(let aggregate): next.aggregate = aggregate
        case .lookPlanned(let look): next.look = look
        case .logReadingPlanned(let look): next.logReading = look
        case .read(let kind, let at): next.callWindows = callWindows.adding(kind, at: at)
        case .clockSetBack(let now): next.callWindows = callWindows.drawnIn(to: now)
        case .signalHeard(let at): next.webhookAt = webhookAt ?? at
        case .attentionNeeded(let since): next.attentionSince = since
        case .attentionOver: next.attentionSince = nil
        case .customerErased: next.customer = nil
        case .planned, .attempted, .postponed, .repeatable, .doubted, .done, .refused, .dropped:
            next.evolveOperations(by: event)
        }
        return next
    }

    private mutating func evolveOperations(by event: PaymentEvent) {
        switch event {
        case .planned(let operation):
            precondition(operation.ordinal == operations.count + 1, "operations are numbered without gaps")
            operations.append(operation)
        case .attempted(let ordinal, let at):
            operations[ordinal - 1].progress = .calling(since: at)
            operations[ordinal - 1].attempts += 1
            operations[ordinal - 1].lastAttemptAt = at
            callWindows = callWindows.adding(operations[ordinal - 1].act.kind, at: at)
        case .postponed(let ordinal, let until, let refused):
            operations[ordinal - 1].progress = .waiting(until: until)
            operations[ordinal - 1].refusals += refused ? 1 : 0
        case .repeatable(let ordinal, let until):
            operations[ordinal - 1].progress = .waiting(until: until)
        case .doubted(let ordinal, let doubt):
            operations[ordinal - 1].progress = .inDoubt(doubt)
            switch doubt {
            case .unknown: operations[ordinal - 1].mayHaveActed = true
            case .refusal: operations[ordinal - 1].refusals += 1
            }
        case .done(let ordinal, let at): operations[ordinal - 1].progress = .done(at: at)
        case .refused(let ordinal, let refusal, let at): operations[ordinal - 1].progress = .refused(refusal, at: at)
        case .dropped(let ordinal, let at): operations[ordinal - 1].progress = .dropped(at: at)
        default: preconditionFailure("not an event of an operation")
        }
    }
}
