import Metrics
import Payments

/// What Prometheus is told about payments. (Without Foundation, whose `Timer` is another.)
enum PaymentMetrics {
    static func count(_ outcome: AdvancePayment.Outcome) {
        Counter(
            label: "gateway_operations_total",
            dimensions: [("operation", outcome.kind.rawValue), ("result", outcome.result.rawValue)]
        ).increment()
        if let seconds = outcome.webhookToCaptured {
            Timer(label: "gateway_webhook_to_captured_seconds").recordSeconds(seconds)
        }
    }

    /// Payments of the last 30 days by state.
    static func count(_ payments: [String: Int]) {
        for word in Payment.Phase.words {
            Gauge(label: "gateway_payments", dimensions: [("state", word)]).record(payments[word, default: 0])
        }
    }
}
