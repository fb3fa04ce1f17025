import Foundation
import MessageContracts
import Notifications
import SharedKernel

// notification-relay's mailer, and the mail server.

/// What notification-relay keeps.
struct RelayContent: Sendable {
    var mails: [InvoiceMail] = []

    func index(_ sale: SaleID) -> Int? { mails.firstIndex { $0.saleID == sale } }
}

enum MailStep {
    /// The last line is about to be given to the server.
    case handOver(SaleID)
    case conclude(SaleID, MailOutcome)
}

/// The shop's mail server: what it has taken.
struct MailServer {
    var taken: [SaleID: Int] = [:]
    var mailsAt: Int?
    var isBusy = false
}

extension World {
    func relayHears(_ arrivals: [Arrival]) throws -> [(Arrival, any Error)] {
        let now = clock(.relay)
        return try relay.apply(arrivals, { self.nextPower(at: .relay) }, at: now) { arrival, draft in
            guard case .saleCompleted(let sale) = arrival.letter.told, sale.invoiceEmail != nil,
                draft.content.index(sale.saleID) == nil
            else { return }
            draft.content.mails.append(
                InvoiceMail(
                    saleID: sale.saleID, tenantID: arrival.letter.tenant, saleIdentifier: sale.saleIdentifier,
                    maskedAddress: "c•••", state: .waiting(notBefore: .distantPast), attempts: 0, queuedAt: now,
                    isErased: false))
        }
    }

    /// Decides, keeps and tells.
    ///
    /// - Returns: the mail afterwards; `nil` when it was refused or the power went.
    private func decide(_ command: InvoiceMailCommand, _ sale: SaleID) -> InvoiceMail? {
        let now = clock(.relay)
        do {
            let mail = try relay.transaction(nextPower(at: .relay), at: now) { draft -> InvoiceMail? in
                guard let index = draft.content.index(sale) else { return nil }
                let before = draft.content.mails[index]
                guard let events = try? before.decide(command, now: now) else { return nil }
                let after = events.reduce(before) { $0.evolved(by: $1) }
                draft.content.mails[index] = after
                if let told = Told(events, of: sale) { draft.tell(told, of: after.tenantID) }
                return after
            }
            publish(.relay)
            return mail
        } catch is PowerCut {
            powerGoes(.relay, "at a mail's commit")
        } catch {
            judge.object("a store fails only for want of power", "relay: \(error)")
        }
        return nil
    }

    func startMailer() {
        mailServer.isBusy = false
        mailServer.mailsAt = nil
        for mail in relay.content.mails {
            _ = decide(.recover, mail.saleID)
            if !isOn[Place.relay.rawValue] { return }
        }
        planMailer()
    }

    private var nextMail: (mail: InvoiceMail, notBefore: Date)? {
        relay.content.mails.compactMap { mail in
            if case .waiting(let notBefore) = mail.state { (mail, notBefore) } else { nil }
        }.min { $0.notBefore < $1.notBefore }
    }

    func planMailer() {
        guard isOn[Place.relay.rawValue], !mailServer.isBusy, let next = nextMail else { return }
        let at = now + max(0, next.notBefore == .distantPast ? 0 : delay(until: next.notBefore, by: .relay))
        if let planned = mailServer.mailsAt, planned <= at { return }
        mailServer.mailsAt = at
        happens(.mailer(life: lives[Place.relay.rawValue]), in: at - now)
    }

    func sendMail() {
        guard mailServer.mailsAt == now else { return }
        mailServer.mailsAt = nil
        guard let next = nextMail, next.notBefore <= clock(.relay) else { return planMailer() }
        let sale = next.mail.saleID
        guard decide(.begin, sale) != nil else { return }
        mailServer.isBusy = true
        let isRefusedEarly = !isCalm && chance.happens(weather.mailTroubles)
        let step: MailStep =
            isRefusedEarly ? .conclude(sale, .postponed(reason: "451 later")) : .handOver(sale)
        happens(.mailStep(step, life: lives[Place.relay.rawValue]), in: chance.whole(5...500))
    }

    func mailGoesOn(_ step: MailStep) {
        switch step {
        case .handOver(let sale):
            if sabotage != .mailWithoutMark {
                guard decide(.handOver, sale) != nil else { return }
            }
            let hasTaken = isCalm || !chance.happens(weather.mailTroubles)
            if hasTaken { mailServer.taken[sale, default: 0] += 1 }
            let isSilent = !isCalm && chance.happens(weather.mailTroubles)
            let outcome: MailOutcome =
                isSilent ? .unknown(reason: "no answer") : hasTaken ? .accepted : .refused(reason: "550 no")
            happens(
                .mailStep(.conclude(sale, outcome), life: lives[Place.relay.rawValue]), in: chance.whole(5...2_000))
        case .conclude(let sale, let outcome):
            mailServer.isBusy = false
            if decide(.conclude(outcome), sale) != nil { planMailer() }
        }
    }

    var relayIsQuiet: Bool {
        relay.content.mails.allSatisfy { mail in
            switch mail.state {
            case .mailed, .failed, .inDoubt: true
            case .waiting, .sending, .handedOver: false
            }
        }
    }

    var mailsMarkedMailed: Set<SaleID> {
        Set(
            relay.content.mails.compactMap { mail in
                if case .mailed = mail.state { mail.saleID } else { nil }
            })
    }
}

extension Told {
    fileprivate init?(_ events: [InvoiceMailEvent], of sale: SaleID) {
        for event in events {
            switch event {
            case .mailed(let at):
                self = .mailed(InvoiceMailed(saleID: sale, mailedAt: at))
                return
            case .failed(let reason, let at), .fellInDoubt(let reason, let at):
                self = .mailFailed(InvoiceMailFailed(saleID: sale, reason: reason, failedAt: at))
                return
            case .queuedAgain, .begun, .handedOver, .postponed, .interrupted: break
            }
        }
        return nil
    }
}
