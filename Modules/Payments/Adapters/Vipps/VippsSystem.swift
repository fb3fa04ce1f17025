/// Who is calling: the four `Vipps-System-*` headers that every call carries.
package struct VippsSystem: Sendable {
    package static let lengthMax = 30
    package let headers: [(name: String, value: String)]

    package init(name: String, version: String, pluginName: String, pluginVersion: String) {
        headers = [
            ("Vipps-System-Name", Self.fitting(name)),
            ("Vipps-System-Version", Self.fitting(version)),
            ("Vipps-System-Plugin-Name", Self.fitting(pluginName)),
            ("Vipps-System-Plugin-Version", Self.fitting(pluginVersion)),
        ]
    }

    /// Printable ASCII, at most 30 characters, never empty.
    private static func fitting(_ text: String) -> String {
        let printable = text.unicodeScalars.filter { (32...126).contains($0.value) }
        let cut = String(String.UnicodeScalarView(printable.prefix(lengthMax)))
        return cut.isEmpty ? "unknown" : cut
    }
}
