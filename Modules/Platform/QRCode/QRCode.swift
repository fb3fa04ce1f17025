import CQREncode

/// A QR code, black on white with its quiet zone of four modules, ready to be drawn.
package struct QRCode: Sendable, Hashable {
    /// The text is empty or too long for any code.
    package struct NotEncodable: Error {}

    /// More bytes make a code that a phone reads badly from a screen.
    package static let bytesMax = 1000
    private static let quietZone = 4

    /// Modules a side, without the quiet zone.
    package let width: Int
    /// Row by row; true is dark.
    private let modules: [Bool]

    /// Encodes the UTF-8 of `text`; up to 15 % of the code may be damaged.
    package init(_ text: String) throws(NotEncodable) {
        guard (1...Self.bytesMax).contains(text.utf8.count), !text.utf8.contains(0),
            let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M)
        else { throw NotEncodable() }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit of each byte is the module's colour.
        modules = (0..<width * width).map { code.pointee.data[$0] & 1 == 1 }
    }

    package func isDark(row: Int, column: Int) -> Bool { modules[row * width + column] }

    /// An image of any size: `<svg …>` with one path.
    package var svg: String {
        let side = width + 2 * Self.quietZone
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">\
            <rect width="\(side)" height="\(side)" fill="#fff"/><path d="\(path)" fill="#000"/></svg>
            """
    }

    /// One rectangle for each run of dark modules in a row.
    private var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                guard isDark(row: row, column: column) else {
                    column += 1
                    continue
                }
                let start = column
                while column < width, isDark(row: row, column: column) { column += 1 }
                path += "M\(start + Self.quietZone) \(row + Self.quietZone)h\(column - start)v1h-\(column - start)z"
            }
        }
        return path
    }
}
