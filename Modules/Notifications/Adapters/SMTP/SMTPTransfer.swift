import CCurl
import Foundation
import Notifications

/// One mail given to the server over a libcurl handle. Used by one thread; lives for the one blocking call.
final class SMTPTransfer {
    private let bytes: Data
    private let recipient: MailAddress
    private let handOver: () throws -> Void
    private var offset = 0
    private var isHandedOver = false
    private var lastRefusal = ""
    /// Whether the server dealt with the mail, be it to refuse it.
    private(set) var wasServed = false

    private static let replyMax = 500

    init(_ message: MIMEMessage, to recipient: MailAddress, handOver: @escaping () throws -> Void) {
        bytes = message.bytes
        self.recipient = recipient
        self.handOver = handOver
    }

    func perform(with handle: UnsafeMutableRawPointer, server: SMTPServer, sender: MailAddress) -> MailOutcome {
        // The handle keeps its connection; everything else is set anew.
        curl_easy_reset(handle)
        guard let recipients = curl_slist_append(nil, "<\(recipient.revealed)>") else {
            return .postponed(reason: "out of memory")
        }
        defer { curl_slist_free_all(recipients) }
        let code = withExtendedLifetime(self) {
            set(up: handle, server: server, sender: sender, recipients: recipients)
            return curl_easy_perform(handle)
        }
        var response = 0
        ccurl_response_code(handle, &response)
        // Refused at the greeting or sign-in it serves nobody, like one that is away.
        wasServed =
            code == CURLE_OK || code == CURLE_ABORTED_BY_CALLBACK
            || response >= 400 && (code == CURLE_SEND_ERROR || isHandedOver)
        return outcome(of: code, response: response)
    }

    private func set(
        up handle: UnsafeMutableRawPointer, server: SMTPServer, sender: MailAddress,
        recipients: UnsafeMutablePointer<curl_slist>
    ) {
        ccurl_set_text(handle, CURLOPT_URL, server.url)
        ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(server.connectTimeout / .milliseconds(1)))
        ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(server.timeout / .milliseconds(1)))
        ccurl_set_long(
            handle, CURLOPT_USE_SSL, server.encryption == .required ? ccurl_ssl_all : ccurl_ssl_none)
        if let credentials = server.credentials {
            ccurl_set_text(handle, CURLOPT_USERNAME, credentials.user)
            ccurl_set_text(handle, CURLOPT_PASSWORD, credentials.password)
        }
        ccurl_set_text(handle, CURLOPT_MAIL_FROM, "<\(sender.revealed)>")
        ccurl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
        // No size: libcurl asks for more until it is told that there is none, and that is where the mail is handed
        // over.
        ccurl_set_long(handle, CURLOPT_UPLOAD, 1)
        let me = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_READDATA, me)
        ccurl_set_function(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
            guard let buffer, let context else { return ccurl_readfunc_abort }
            return Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue().fill(buffer, size * count)
        }
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, me)
        ccurl_set_function(handle, CURLOPT_HEADERFUNCTION) { line, size, count, context in
            guard let line, let context else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: line, count: size * count)
            Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue().note(bytes)
            return size * count
        }
    }

    private func fill(_ buffer: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
        let count = min(capacity, bytes.count - offset)
        guard count > 0 else { return end() }
        bytes.copyBytes(
            to: UnsafeMutableRawBufferPointer(start: buffer, count: count), from: offset..<(offset + count))
        offset += count
        return count
    }

    /// There is no more: after this the server gets the last line, and may have the mail.
    private func end() -> Int {
        guard !isHandedOver else { return 0 }
        do {
            try handOver()
            isHandedOver = true
            return 0
        } catch {
            return ccurl_readfunc_abort
        }
    }

    private func note(_ line: UnsafeRawBufferPointer) {
        // Refusals only: libcurl goes on to say goodbye, and that is answered too.
        guard let first = line.first, [UInt8(ascii: "4"), UInt8(ascii: "5")].contains(first) else { return }
        lastRefusal = String(decoding: line.prefix(Self.replyMax), as: UTF8.self)
    }

    private func outcome(of code: CURLcode, response: Int) -> MailOutcome {
        if code == CURLE_OK { return .accepted }
        let reason = reason(code, response)
        switch response {
        // Refused at MAIL, RCPT or DATA, or after the last line. Refusals of us (greeting, sign-in) are no fault of the
        // mail.
        case 500...599 where code == CURLE_SEND_ERROR || isHandedOver: return .refused(reason: reason)
        case 400...599: return .postponed(reason: reason)
        default: return isHandedOver ? .unknown(reason: reason) : .postponed(reason: reason)
        }
    }

    /// The server's words, without anybody's address.
    private func reason(_ code: CURLcode, _ response: Int) -> String {
        let words = (400...599).contains(response) ? lastRefusal : String(cString: curl_easy_strerror(code))
        return words.split { $0.isWhitespace || $0.isNewline }
            .map { $0.contains("@") ? "(address)" : $0.filter { !$0.isNewline } }
            .joined(separator: " ").prefix(200).description
    }
}
