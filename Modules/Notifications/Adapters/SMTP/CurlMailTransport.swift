import CCurl
import Foundation
import Notifications
import Synchronization

/// Gives mails to an SMTP server by libcurl, one after the other, on a thread of its own: libcurl blocks, and Swift's
/// own threads must not. The connection is kept between mails.
package final class CurlMailTransport: MailTransport {
    private struct Job: Sendable {
        let message: MIMEMessage
        let recipient: MailAddress
        let handOver: @Sendable () throws -> Void
        let done: CheckedContinuation<MailOutcome, Never>
    }

    private final class Jobs: Sendable {
        private let waiting = Mutex<[Job?]>([])
        private let count = DispatchSemaphore(value: 0)
        let sendsInVain = Mutex(0)

        /// `nil` ends the thread.
        func add(_ job: Job?) {
            waiting.withLock { $0.append(job) }
            count.signal()
        }

        func next() -> Job? {
            count.wait()
            return waiting.withLock { $0.removeFirst() }
        }
    }

    private static let isLibraryReady = curl_global_init(ccurl_global_default) == CURLE_OK

    private let jobs = Jobs()

    /// - Parameter sender: stands in the envelope of every mail.
    package init(server: SMTPServer, sender: MailAddress) {
        precondition(Self.isLibraryReady, "libcurl cannot be used")
        let thread = Thread { [jobs] in
            guard let handle = curl_easy_init() else { preconditionFailure("libcurl gives no handle") }
            defer { curl_easy_cleanup(handle) }
            while let job = jobs.next() {
                let transfer = SMTPTransfer(job.message, to: job.recipient, handOver: job.handOver)
                let outcome = transfer.perform(with: handle, server: server, sender: sender)
                jobs.sendsInVain.withLock { $0 = transfer.wasServed ? 0 : $0 + 1 }
                job.done.resume(returning: outcome)
            }
        }
        thread.name = "smtp"
        thread.start()
    }

    deinit { jobs.add(nil) }

    /// Sends in a row that the server did not deal with.
    package var sendsInVain: Int { jobs.sendsInVain.withLock { $0 } }
    /// So many of them say that the server is away.
    package static let silenceMax = 3

    package func send(
        _ message: MIMEMessage, to recipient: MailAddress, handOver: @Sendable @escaping () throws -> Void
    ) async -> MailOutcome {
        await withCheckedContinuation { done in
            jobs.add(Job(message: message, recipient: recipient, handOver: handOver, done: done))
        }
    }
}
