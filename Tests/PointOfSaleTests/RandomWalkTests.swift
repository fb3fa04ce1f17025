import Foundation
import PointOfSale
import SharedKernel
import Testing

/// A cashier who does anything at any time, and a Vipps that may take the money at any moment, repeat itself and shuffle its
/// news. Whatever happens, the books must be right.
@Suite("A sale under any order of events") struct RandomWalkTests {
    /// What really happens at Vipps for one payment.
    private struct AtVipps {
        var asked: Money
        var captured: Money?
        var isOver = false
        var refunded: Money = .kr(0)
    }

    @Test("never keeps money that is not the shop's", arguments: 0..<400) func books(seed: UInt64) throws {
        var chance = Chance(seed: seed)
        var sale = Sale.hundred.after(.changeQuantity(.no(1), 1 + chance.next(4)))
        var vipps: [PaymentID: AtVipps] = [:]
        var news: [(PaymentID, PaymentNews)] = []
        var next = 10

        func apply(_ events: [SaleEvent]) {
            sale = sale.evolved(by: events)
            for event in events {
                switch event {
                case .paymentRequested(let id, _, _):
                    #expect(vipps[id] == nil, "a payment is asked for once")
                    vipps[id] = AtVipps(asked: sale.payment(id)!.amount)
                case .refundRequested(let refund):
                    let left = (vipps[refund.paymentID]?.captured ?? .kr(0)) - vipps[refund.paymentID]!.refunded
                    #expect(refund.amount <= left, "never more back than is left")
                    vipps[refund.paymentID]!.refunded += refund.amount
                    news.append((refund.paymentID, .refunded(refund.id, refund.amount, outside: false)))
                default: break
                }
            }
        }

        for _ in 0..<60 {
            next += 1
            switch chance.next(9) {
            case 0:
                apply(
                    (try? sale.decide(.startPayment(order(next, with: chance.next(3) == 0 ? nil : phone)), moment()))
                        ?? [])
            case 1:
                let part = Money.kr(Int64(1 + chance.next(100)))
                apply((try? sale.decide(.startPayment(order(next, part)), moment())) ?? [])
            case 2: apply((try? sale.decide(.abortPayment(chance.pick(sale.payments)?.id ?? .no(0)), moment())) ?? [])
            case 3:
                let id = chance.pick(sale.payments)?.id ?? .no(0)
                apply((try? sale.decide(.changeIdentification(id, order(next, with: .oneTimeQR)), moment())) ?? [])
            case 4 where chance.next(3) == 0:
                let received = Money.kr(Int64(1 + chance.next(150)))
                let cashOrder = CashOrder(paymentID: .no(next), option: cash, amount: nil, received: received)
                apply((try? sale.decide(.payCash(cashOrder), moment())) ?? [])
            case 5 where chance.next(6) == 0: apply((try? sale.decide(.abandon, moment())) ?? [])
            case 6, 7:
                // Something happens at Vipps: approved and captured, or ended without money. News of it may come any time.
                guard let id = chance.pick(vipps.keys.sorted { $0.text < $1.text }), let one = vipps[id], !one.isOver
                else { break }
                vipps[id]!.isOver = true
                if chance.next(2) == 0 {
                    vipps[id]!.captured = one.asked
                    news += [(id, .authorized), (id, .captured(one.asked))]
                } else {
                    news.append((id, [.aborted, .expired, .terminated, .released(outside: false)][chance.next(4)]))
                }
            default:
                guard !news.isEmpty else { break }
                let at = chance.next(news.count)
                apply(sale.hear(news[at].1, of: news[at].0, moment(nil)))
                if chance.next(3) > 0 { news.remove(at: at) }
            }
            #expect(sale.pending <= sale.total || !sale.isUnderWay)
        }
        // Everybody comes to rest: what is open is given up, Vipps answers everything, and everything is heard.
        for payment in sale.payments { apply((try? sale.decide(.abortPayment(payment.id), moment())) ?? []) }
        for (id, one) in vipps.sorted(by: { $0.key.text < $1.key.text }) where !one.isOver {
            news.append((id, .terminated))
        }
        while !news.isEmpty {
            let (id, last) = news.remove(at: chance.next(news.count))
            apply(sale.hear(last, of: id, moment(nil)))
        }

        let taken =
            vipps.values.compactMap(\.captured).sum(in: .nok)
            + sale.payments.filter { $0.option.method == .cash }.map(\.amount).sum(in: .nok)
        let back =
            vipps.values.map(\.refunded).sum(in: .nok)
            + sale.refunds.filter { $0.method == .cash }.map(\.amount).sum(in: .nok)
        let kept = taken - back
        #expect(!sale.hasPaymentInFlight)
        switch sale.state {
        case .completed: #expect(kept == sale.total)
        case .abandoned: #expect(kept == .kr(0))
        case .open, .parked:
            #expect(kept < sale.total)
            #expect(kept == sale.received)
        }
        #expect(!sale.needsAttention)
    }
}

/// Chance that repeats itself (SplitMix64).
private struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[next(elements.count)]
    }
}
