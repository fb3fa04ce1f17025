/// Makes copies of a service's data while it works.
///
/// Copies of several services fit together when none of them applied a message between the first copy and the last:
/// then nobody has heard what its publisher's copy does not hold. `DurableBus.hold` sees to that.
package protocol Backups: Sendable {
    /// Writes a copy under a name that was not used before: whole, or not at all.
    ///
    /// - Throws: `BusOperationRefused` when the name cannot be used or the copy cannot be written.
    func take(named name: String) async throws
}
