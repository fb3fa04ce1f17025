import Logging
import ServiceLifecycle
import SharedKernel
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

/// Runs everything that runs in a process until SIGTERM or SIGINT; then stops it in reverse order, each finishing the work
/// in hand, and gives up waiting after `stopWithin`.
///
/// The order of `services` is the order of dependence: later ones may use earlier ones.
package func runServices(
    _ services: [any Service], logger: Logger, stopWithin: Duration = .seconds(10)
) async throws {
    var configuration = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = stopWithin
    try await ServiceGroup(configuration: configuration).run()
}

/// Ends the process with words instead of a crash report when it cannot start: settings, database, disk.
package func exitOnStartRefusal<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    do {
        return try await body()
    } catch let refusal as any StartRefusal {
        let words = Array("\(refusal)\n".utf8)
        _ = write(STDERR_FILENO, words, words.count)
        exit(refusal.exitCode)
    }
}
