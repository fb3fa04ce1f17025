import Foundation
import Logging
import Payments
import PaymentsAdapters
import Testing

@Suite("The payment worker, while time passes", .timeLimit(.minutes(1))) struct PaymentWorkerClockTests {
    @Test("misses nothing that falls due between picking and going to sleep") func dueMeanwhile() async throws {
        let (file, clock) = (try PaymentFile(), HandClock())
        let name = try await file.store.begin(.made())
        // Whoever looks at this clock finds that six seconds have passed: the first look, planned five seconds after the
        // create, falls due between any two glances.
        let worker = PaymentWorker(
            store: file.store, changed: file.store.changed, provider: ScriptedProvider(), checkIns: ScriptedCheckIns(),
            now: {
                clock.pass(6)
                return clock.now
            }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await worker.run() }
        while try await file.store.payment(name)?.phase.word != "captured" { await Task.yield() }
        running.cancel()
        try await running.value
    }
}
