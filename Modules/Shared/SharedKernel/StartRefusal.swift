/// Why a service cannot start, in words for an operator. The process ends with them, not with a crash report.
package protocol StartRefusal: Error, Sendable, CustomStringConvertible {
    /// By the conventions of sysexits.h.
    var exitCode: Int32 { get }
}
