/// What a run, or many, went through.
package struct Figures: Sendable, Hashable, Codable {
    package var seeds = 0
    package var steps = 0
    package var crashes = 0
    /// Messages, requests and webhooks that something bad happened to.
    package var faults = 0
    package var repairs = 0
    package var messages = 0
    package var calls = 0
    package var portalActs = 0
    package var sales = 0
    package var payments = 0
    package var refunds = 0
    /// Captured, minor units.
    package var moved: Int64 = 0
    package var refunded: Int64 = 0
    /// From the customer's approval at Vipps to the sale knowing its outcome, at worst; virtual milliseconds.
    package var slowestRecovery = 0

    package init() {}

    package static func + (left: Figures, right: Figures) -> Figures {
        var sum = left
        sum.seeds += right.seeds
        sum.steps += right.steps
        sum.crashes += right.crashes
        sum.faults += right.faults
        sum.repairs += right.repairs
        sum.messages += right.messages
        sum.calls += right.calls
        sum.portalActs += right.portalActs
        sum.sales += right.sales
        sum.payments += right.payments
        sum.refunds += right.refunds
        sum.moved += right.moved
        sum.refunded += right.refunded
        sum.slowestRecovery = max(left.slowestRecovery, right.slowestRecovery)
        return sum
    }
}
