import SharedKernel

extension Sale {
    package func evolved(by events: [SaleEvent]) -> Sale { events.reduce(self) { $0.evolved(by: $1) } }

    /// The sale after `event`. Cannot fail.
    package func evolved(by event: SaleEvent) -> Sale {
        var next = self
        switch event {
        case .started: break
        case .lineAdded(let line): next.lines.append(line)
        case .lineChanged(let line): next.lines = lines.map { $0.id == line.id ? line : $0 }
        case .lineRemoved(let id): next.lines.removeAll { $0.id == id }
        case .invoiceEmailSet(let email): next.invoiceEmail = email
        case .parked: next.state = .parked
        case .resumed(let agentInstance):
            next.state = .open
            next.agentInstanceID = agentInstance ?? agentInstanceID
        case .paymentStarted(let payment), .cashTaken(let payment): next.payments.append(payment)
        case .paymentRequested(let id, let identification, let at):
            next.change(id) { payment in
                if case .vipps(let terms, let reference, _) = payment.means {
                    payment.means = .vipps(terms, reference: reference, identification.readable)
                }
                payment.state = .requested
                payment.since = at
            }
        case .paymentAbortAsked(let id, let reason, let at, _):
            next.change(id) {
                $0.state = .aborting(reason)
                $0.since = at
            }
        case .paymentMoved(let id, let state, let at):
            next.change(id) {
                $0.state = state
                $0.since = at
            }
        case .refundRequested(let refund), .cashPaidOut(let refund), .outsideRefundRecorded(let refund),
            .refundCounted(let refund):
            next.refunds.append(refund)
        case .refundEnded(let id, let state, let at):
            next.refunds = refunds.map { refund in
                guard refund.id == id else { return refund }
                var ended = refund
                ended.state = state
                ended.endedAt = at
                return ended
            }
        case .linesReturned(let lineReturn): next.returns.append(lineReturn)
        case .returnEnded(let id, let state):
            next.returns = returns.map { lineReturn in
                guard lineReturn.returnID == id else { return lineReturn }
                var ended = lineReturn
                ended.state = state
                return ended
            }
        case .completed(let at, let user):
            next.state = .completed(at: at, by: user)
            if invoiceEmail != nil { next.invoiceMail = .waiting }
        case .abandoned(let at, let user): next.state = .abandoned(at: at, by: user)
        case .invoiceMailEnded(let mail): next.invoiceMail = mail
        case .customerForgotten:
            next.invoiceEmail = nil
            for payment in payments { next.change(payment.id) { $0.forgetCustomer() } }
        }
        return next
    }

    private mutating func change(_ id: PaymentID, _ body: (inout Payment) -> Void) {
        guard let index = payments.firstIndex(where: { $0.id == id }) else { return }
        body(&payments[index])
    }
}
