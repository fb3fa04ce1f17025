import CoreMetrics
import Foundation
import Logging
import ServiceRuntime
import Testing

@Suite("The reader of settings") struct SettingsReaderTests {
    @Test("names the key of what is missing or wrong and says what to do")
    func names() throws {
        let settings = SettingsReader(values: ["HTTP_PORT": "eighty", "BASE_URL": "till", "LOG_FORMAT": "xml"])
        #expect(throws: SettingProblem("database.path", "is missing; it must be set")) {
            try settings.text("database.path")
        }
        for (key, read) in [
            ("HTTP_PORT", { _ = try settings.number("http.port", in: 1...10) }),
            ("BASE_URL", { _ = try settings.address("base.url") }),
            ("LOG_FORMAT", { _ = try settings.choice("log.format", default: LogFormat.json) }),
        ] as [(String, () throws -> Void)] {
            let problem = #expect(throws: SettingProblem.self) { try read() }
            #expect(problem?.description.contains(key) == true)
        }
    }

    @Test("reads keys of several words from the environment")
    func reads() throws {
        let settings = SettingsReader(values: [
            "BUS_DIRECTORY_FILE": "/tmp/bus.json", "BASE_URL": "https://till.example.com/",
        ])
        #expect(try settings.text("bus.directoryFile") == "/tmp/bus.json")
        #expect(try settings.address("base.url") == "https://till.example.com")
    }

    @Test("knows which deployments are production", arguments: ["prod2", "prod3", "prod5", "prod6"])
    func production(name: String) {
        #expect(ServiceConfiguration.productionDeployments.contains(name))
        #expect(!ServiceConfiguration.productionDeployments.contains("prod1"))
    }
}

@Suite("A line of the log") struct LogLineTests {
    private let metadata: Logger.Metadata = ["path": "a\nb \"c\"", "number": "7"]

    private func line(_ format: LogFormat) -> String {
        StandardErrorLogHandler.line(
            at: Date(timeIntervalSince1970: 1_795_000_000), level: .warning, service: "pos-service",
            message: "it said \"no\"\nand went", metadata: metadata, format: format)
    }

    @Test("is one JSON object, whatever its values say")
    func json() throws {
        let line = line(.json)
        #expect(line.hasSuffix("}\n"))
        #expect(line.count(where: \.isNewline) == 1)
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(
            object == [
                "time": "2026-11-18T11:06:40.000Z", "level": "warning", "service": "pos-service",
                "message": "it said \"no\"\nand went", "path": "a\nb \"c\"", "number": "7",
            ])
    }

    @Test("is one line for people as well")
    func lines() {
        let line = line(.lines)
        #expect(line.count(where: \.isNewline) == 1)
        #expect(line.hasSuffix(" warning pos-service: it said \"no\" and went number=7 path=\"a b 'c'\"\n"))
    }
}

@Suite("The metrics text") struct PrometheusMetricsTests {
    @Test("writes counters, gauges and histograms with their labels")
    func writes() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "payments_total", dimensions: [("state", "captured")]).increment(by: 2)
        metrics.makeMeter(label: "bus.lag", dimensions: [("stream", "a\"b")]).set(Int64(7))
        metrics.makeTimer(label: "call_seconds", dimensions: []).recordNanoseconds(30_000_000)
        let text = metrics.text()
        #expect(text.contains("# TYPE payments_total counter\npayments_total{state=\"captured\"} 2\n"))
        #expect(text.contains("# TYPE bus_lag gauge\nbus_lag{stream=\"a\\\"b\"} 7\n"))
        #expect(text.contains("call_seconds_bucket{le=\"0.025\"} 0\n"))
        #expect(text.contains("call_seconds_bucket{le=\"0.05\"} 1\n"))
        #expect(text.contains("call_seconds_count 1\n"))
    }
}
