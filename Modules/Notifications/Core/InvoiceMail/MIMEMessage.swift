import Foundation
import SharedKernel

/// A mail as it goes over the wire: headers, and the same content as plain text and as HTML.
///
/// All bodies are base64, so no line can be too long, begin with a dot or look like a boundary. All free text in
/// headers is an encoded word (RFC 2047), so no line break can make a header of its own.
package struct MIMEMessage: Sendable {
    /// `<invoice.SALE@DOMAIN>`: the same for every try of one sale, so that a repeat is recognisable.
    package let messageID: String
    package let bytes: Data

    /// - Parameters:
    ///   - sender: the address of the service; its domain names the message.
    ///   - senderName: whom the customer knows, the tenant.
    package init(
        _ invoice: RenderedInvoice, sale: SaleID, from sender: MailAddress, senderName: String,
        to recipient: MailAddress, at now: Date
    ) {
        let domain = sender.revealed.split(separator: "@").last ?? "localhost"
        messageID = "<invoice.\(sale.text)@\(domain)>"
        let boundary = "=_\(sale.text)_="
        let lines = [
            "From: \(Self.encodedWords(senderName, indent: 6))\r\n <\(sender.revealed)>",
            "To: <\(recipient.revealed)>",
            "Subject: \(Self.encodedWords(invoice.subject, indent: 9))",
            "Date: \(Self.date(now))",
            "Message-ID: \(messageID)",
            "MIME-Version: 1.0",
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"",
            "",
            "--\(boundary)",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            Self.base64Lines(invoice.text),
            "--\(boundary)",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            Self.base64Lines(invoice.html),
            "--\(boundary)--",
            "",
        ]
        bytes = Data(lines.joined(separator: "\r\n").utf8)
    }

    /// Encoded words of at most 75 characters, each on a line of its own.
    static func encodedWords(_ text: String, indent: Int) -> String {
        // 45 bytes are 60 characters of base64; with `=?UTF-8?B?` and `?=` that is 72.
        var words: [String] = []
        var word = ""
        for character in text.asOneLine {
            if word.utf8.count + character.utf8.count > 45 - (words.isEmpty ? indent : 0), !word.isEmpty {
                words.append(word)
                word = ""
            }
            // A cluster of many scalars is cut off: what is left is still UTF-8.
            word += character.utf8.count <= 30 ? String(character) : "\u{FFFD}"
        }
        words.append(word)
        return words.map { "=?UTF-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func base64Lines(_ text: String) -> String {
        let body = text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n", with: "\r\n")
        return Data(body.utf8).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ])
    }

    /// RFC 5322: `Mon, 23 Nov 2026 09:15:20 +0000`.
    private static func date(_ instant: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute, .second], from: instant)
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        return "\(weekdays[(parts.weekday ?? 1) - 1]), \(parts.day ?? 1) \(months[(parts.month ?? 1) - 1]) "
            + "\(parts.year ?? 0) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) +0000"
    }
}
