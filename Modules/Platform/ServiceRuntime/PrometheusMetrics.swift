import CoreMetrics
import Foundation
import Synchronization

/// Keeps every metric of the process and writes them in Prometheus' text form (0.0.4).
///
/// Counters, gauges, and histograms for timers (in seconds). At most `seriesMax` series: one beyond is not kept, so that
/// a label with too many values cannot fill the memory.
package final class PrometheusMetrics: MetricsFactory, Sendable {
    private static let seriesMax = 10_000
    private let series = Mutex<[String: [[String]: Series]]>([:])

    package init() {}

    /// Makes a registry and lets every metric of the process go there. To be called once.
    package static func bootstrap() -> PrometheusMetrics {
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }

    /// All series as text, sorted by name and labels.
    package func text() -> String {
        var text = ""
        for (name, family) in series.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            guard let kind = family.first?.value.kind else { continue }
            text += "# TYPE \(name) \(kind.rawValue)\n"
            for (_, one) in family.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                text += one.lines(named: name)
            }
        }
        return text
    }

    private func find(_ label: String, _ dimensions: [(String, String)], _ kind: Series.Kind) -> Series {
        let name = Self.plain(label)
        let labels = dimensions.map { "\(Self.plain($0.0))=\"\(Self.escaped($0.1))\"" }.sorted()
        return series.withLock { series in
            if let known = series[name]?[labels] { return known }
            let made = Series(kind: kind, labels: labels)
            if series.values.reduce(0, { $0 + $1.count }) < Self.seriesMax { series[name, default: [:]][labels] = made }
            return made
        }
    }

    private static func plain(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            .replacingOccurrences(of: "\n", with: "\\n")
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions, .counter)
    }
    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        find(label, dimensions, .counter)
    }
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions, .gauge)
    }
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        find(label, dimensions, aggregate ? .histogram : .gauge)
    }
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions, .histogram)
    }
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// One metric with one set of labels.
private final class Series: Sendable {
    enum Kind: String { case counter, gauge, histogram }

    private struct Value {
        var sum = 0.0
        var count: Int64 = 0
        var buckets = [Int64](repeating: 0, count: Series.bounds.count)
    }

    /// Seconds, from a tenth of a millisecond to half a minute.
    static let bounds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    let kind: Kind
    private let labels: [String]
    private let value = Mutex(Value())

    init(kind: Kind, labels: [String]) {
        self.kind = kind
        self.labels = labels
    }

    fileprivate func add(_ amount: Double) { value.withLock { $0.sum += amount } }
    fileprivate func put(_ amount: Double) { value.withLock { $0.sum = amount } }
    fileprivate func observe(_ amount: Double) {
        value.withLock { value in
            value.sum += amount
            value.count += 1
            for (index, bound) in Self.bounds.enumerated() where amount <= bound { value.buckets[index] += 1 }
        }
    }

    func lines(named name: String) -> String {
        let value = value.withLock { $0 }
        guard kind == .histogram else { return "\(name)\(braced(labels)) \(number(value.sum))\n" }
        var text = ""
        for (bound, count) in zip(Self.bounds, value.buckets) {
            text += "\(name)_bucket\(braced(labels + ["le=\"\(number(bound))\""])) \(count)\n"
        }
        text += "\(name)_bucket\(braced(labels + ["le=\"+Inf\""])) \(value.count)\n"
        return text
            + "\(name)_sum\(braced(labels)) \(number(value.sum))\n\(name)_count\(braced(labels)) \(value.count)\n"
    }

    private func braced(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}

extension Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func reset() { put(0) }
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { kind == .histogram ? observe(value) : put(value) }
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }
}
