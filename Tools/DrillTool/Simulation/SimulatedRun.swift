/// One seed from beginning to end.
package struct SimulatedRun: Sendable {
    package let seed: UInt64
    package let figures: Figures
    package let violations: [Violation]
    package let trace: [String]

    /// - Parameter isTraced: keeps every step in words.
    package init(seed: UInt64, sabotage: Sabotage? = nil, isTraced: Bool = false) async {
        self.seed = seed
        do {
            let world = try World(seed: seed, sabotage: sabotage, isTraced: isTraced)
            await world.run()
            figures = world.finalFigures
            violations = world.judge.violations
            trace = world.trace.lines
        } catch {
            figures = Figures()
            violations = [Violation(invariant: "the shop can be set up", detail: "\(error)", at: 0)]
            trace = []
        }
    }
}

extension World {
    fileprivate var finalFigures: Figures {
        var sums = figures
        sums.seeds = 1
        sums.sales = till.pages.count
        sums.payments = vipps.payments.count
        for payment in vipps.payments {
            sums.refunds += payment.events.count { $0.name == "REFUNDED" && $0.success }
            sums.moved += Int64(payment.captured)
            sums.refunded += Int64(payment.refunded)
        }
        return sums
    }
}
