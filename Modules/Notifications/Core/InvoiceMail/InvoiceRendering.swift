import Foundation
import SharedKernel

/// An invoice in words: the subject, and the same content as plain text and as HTML.
package struct RenderedInvoice: Sendable, Hashable {
    package let subject: String
    package let text: String
    package let html: String
}

extension Invoice {
    /// - Parameter timeZone: the shop's, for the instant of the sale.
    package func rendered(in timeZone: TimeZone) -> RenderedInvoice {
        let words = language.words
        let formats = InvoiceFormats(language: language, timeZone: timeZone)
        return RenderedInvoice(
            subject: "\(words.receipt) \(saleIdentifier), \(tenantName)",
            text: text(words, formats), html: html(words, formats))
    }

    private func text(_ words: InvoiceWords, _ formats: InvoiceFormats) -> String {
        var rows = [
            tenantName, shopName, "", words.thanks, "", "\(words.sale): \(saleIdentifier)",
            "\(words.date): \(formats.instant(completedAt))", "",
        ]
        for line in lines {
            rows.append("\(line.quantity) × \(line.name)")
            var price = ["\(words.price) \(formats.amount(line.unitPrice))"]
            if !line.discount.isZero { price.append("\(words.discount) \(formats.amount(line.discount))") }
            price.append("\(words.tax) \(formats.rate(line.taxRate))")
            rows.append("    " + price.joined(separator: " · "))
            rows.append("    \(words.amount) \(formats.amount(line.total))")
        }
        rows += ["", "\(words.total): \(formats.amount(total))", "\(words.ofWhichTax): \(formats.amount(tax))", ""]
        for group in taxGroups {
            rows.append(
                "\(words.taxRate) \(formats.rate(group.rate)): \(words.withoutTax) \(formats.amount(group.base)) · "
                    + "\(words.tax) \(formats.amount(group.tax))")
        }
        rows += ["", "\(words.payments):"]
        rows += payments.map { "    \($0.name): \(formats.amount($0.amount))" }
        if let change, !change.isZero { rows.append("    \(words.change): \(formats.amount(change))") }
        rows += ["", words.noReply, ""]
        return rows.map(\.asOneLine).joined(separator: "\n")
    }

    private func html(_ words: InvoiceWords, _ formats: InvoiceFormats) -> String {
        func row(_ cells: [String], tag: String = "td") -> String {
            let drawn = cells.enumerated().map { index, cell in
                let alignment = index == 0 ? "left" : "right"
                return "<\(tag) style=\"text-align:\(alignment);padding:4px 8px\">\(cell.asHTML)</\(tag)>"
            }
            return "<tr>\(drawn.joined())</tr>"
        }
        func table(_ rows: [String]) -> String {
            let style = "border-collapse:collapse;width:100%;margin:16px 0"
            return "<table style=\"\(style)\">\n\(rows.joined(separator: "\n"))\n</table>"
        }
        let titles = [words.item, words.quantity, words.price, words.discount, words.tax, words.amount]
        let items = lines.map { line in
            row([
                line.name, "\(line.quantity)", formats.amount(line.unitPrice),
                line.discount.isZero ? "" : formats.amount(line.discount), formats.rate(line.taxRate),
                formats.amount(line.total),
            ])
        }
        let taxes = taxGroups.map { row([formats.rate($0.rate), formats.amount($0.base), formats.amount($0.tax)]) }
        var paid = payments.map { row([$0.name, formats.amount($0.amount)]) }
        if let change, !change.isZero { paid.append(row([words.change, formats.amount(change)])) }
        return """
            <!doctype html>
            <html lang="\(language.rawValue)">
            <head><meta charset="utf-8"><title>\(words.receipt.asHTML) \(saleIdentifier.asHTML)</title></head>
            <body style="font-family:sans-serif;max-width:640px;margin:0 auto;padding:16px">
            <h1 style="font-size:20px">\(tenantName.asHTML)</h1>
            <p>\(shopName.asHTML)</p>
            <p>\(words.thanks.asHTML)</p>
            <p>\(words.sale.asHTML): <strong>\(saleIdentifier.asHTML)</strong><br>\
            \(words.date.asHTML): \(formats.instant(completedAt).asHTML)</p>
            \(table([row(titles, tag: "th")] + items))
            <p style="font-size:18px"><strong>\(words.total.asHTML): \(formats.amount(total).asHTML)</strong><br>\
            \(words.ofWhichTax.asHTML): \(formats.amount(tax).asHTML)</p>
            \(table([row([words.taxRate, words.withoutTax, words.tax], tag: "th")] + taxes))
            <h2 style="font-size:16px">\(words.payments.asHTML)</h2>
            \(table(paid))
            <p>\(words.noReply.asHTML)</p>
            </body>
            </html>

            """
    }
}

extension String {
    /// Safe between tags and in quoted attributes.
    var asHTML: String {
        var escaped = ""
        for character in unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case _ where character.properties.generalCategory == .control: escaped += " "
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Without line breaks and other control characters: a name cannot draw lines of its own.
    var asOneLine: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
