import Cryptography
import Foundation
import Payments
import SharedKernel

extension PaymentEventID {
    /// Of a line that comes repeatedly it follows from what the line tells (a UUID of version 8, RFC 9562), so that the event
    /// log knows it again, also when the gateway's own file was put back to before it. Any other line has a new one.
    static func of(_ line: LogLine, payment: PaymentID, at now: Date) -> PaymentEventID {
        guard line.origin != .gateway, let pspReference = line.pspReference else { return .new(at: now) }
        let told = [payment.text, line.origin.rawValue, line.name, pspReference, "\(line.success)"]
        var bytes = [UInt8](SHA256Digest.of(Data(told.joined(separator: "\n").utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.withUnsafeBytes { PaymentEventID(UUID(uuid: $0.loadUnaligned(as: uuid_t.self))) }
    }
}
