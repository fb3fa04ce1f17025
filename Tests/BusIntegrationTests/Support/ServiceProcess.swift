import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// One service as a real process: the executable that stands beside the tests.
final class ServiceProcess: Sendable {
    let name: String
    let port: Int
    private let environment: [String: String]
    private let log: URL
    private let running = Mutex<Run?>(nil)

    private final class Run: @unchecked Sendable {
        let process: Process
        let end = Mutex<(reason: Process.TerminationReason, status: Int32)?>(nil)
        init(_ process: Process) { self.process = process }
    }

    /// - Parameter log: standard error of every start goes there.
    init(_ name: String, port: Int, environment: [String: String], log: URL) {
        self.name = name
        self.port = port
        self.environment = environment
        self.log = log
    }

    var base: String { "http://127.0.0.1:\(port)" }
    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Starts it and waits until it says that it is ready.
    func start() async throws {
        let process = Process()
        process.executableURL = try Self.executable(name)
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardError = handle
        let run = Run(process)
        process.terminationHandler = { ended in
            run.end.withLock { $0 = (ended.terminationReason, ended.terminationStatus) }
        }
        try process.run()
        try handle.close()
        running.withLock { $0 = run }
        _ = try await awaited("\(name) ready. Its log:\n\(logText)") {
            if let end = run.end.withLock({ $0 }) { throw Ended(name: name, status: end.status, log: logText) }
            return await isReady.orNil
        }
    }

    private var isReady: Bool {
        get async {
            let request = HTTPClientRequest(url: "\(base)/readyz")
            return (try? await HTTPClient.shared.execute(request, timeout: .seconds(2)))?.status == .ok
        }
    }

    /// SIGTERM. Returns the exit code; a process that does not end in time is killed, and that is an error.
    func stop(within limit: Duration = .seconds(20)) async throws -> Int32 {
        guard let run = running.withLock({ $0 }) else { throw NotRunning(name: name) }
        run.process.terminate()
        do {
            return try await end(of: run, within: limit).status
        } catch {
            try await kill()
            throw error
        }
    }

    /// SIGKILL: nothing is finished. Returns when the process is gone.
    func kill() async throws {
        guard let run = running.withLock({ $0 }) else { return }
        if run.end.withLock({ $0 == nil }) { Foundation.kill(run.process.processIdentifier, SIGKILL) }
        _ = try await end(of: run, within: .seconds(20))
    }

    private func end(
        of run: Run, within limit: Duration
    ) async throws -> (reason: Process.TerminationReason, status: Int32) {
        let end = try await awaited("the end of \(name). Its log:\n\(logText)", within: limit) {
            run.end.withLock { $0 }
        }
        running.withLock { if $0 === run { $0 = nil } }
        return end
    }

    private static func executable(_ name: String) throws -> URL {
        let beside = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: name)
        guard let beside, FileManager.default.isExecutableFile(atPath: beside.path) else {
            throw NotBuilt(name: name, place: beside?.path ?? "?")
        }
        return beside
    }

    struct Ended: Error, CustomStringConvertible {
        let name: String
        let status: Int32
        let log: String
        var description: String { "\(name) ended with \(status) before it was ready. Its log:\n\(log)" }
    }
    struct NotRunning: Error { let name: String }
    struct NotBuilt: Error { let name, place: String }
}
