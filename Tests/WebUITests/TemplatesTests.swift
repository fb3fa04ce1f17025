import Foundation
import Testing
import WebUI

/// A folder of templates that goes away with the test.
private func withTemplates<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    return try body(folder)
}

@Suite("Templates") struct TemplatesTests {
    let texts: Texts

    init() throws { texts = try Texts.load() }

    private func render(_ template: String, _ values: TemplateValue, partial: String = "") throws -> String {
        try withTemplates(["page.mustache": template, "parts/part.mustache": partial]) { folder in
            let templates = try Templates(pages: folder, texts: texts)
            return templates.render("page", values, words: texts.words(.norwegian, brand: "Vipps"))
        }
    }

    @Test("escape every value, also in attributes, sections and partials")
    func escaped() throws {
        let attack = "<script>alert('x')</script>\"&"
        let shown = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"
        #expect(
            try render(#"<a title="{{x}}">{{x}}</a>"#, ["x": .text(attack)]) == "<a title=\"\(shown)\">\(shown)</a>")
        #expect(try render("{{#list}}{{.}}{{/list}}", ["list": [.text(attack)]]) == shown)
        #expect(
            try render("{{#list}}{{> parts/part}}{{/list}}", ["list": [["x": .text(attack)]]], partial: "{{x}}")
                == shown)
    }

    @Test("escape a quotation mark with a combining accent, which is a character of its own")
    func accentedQuotes() throws {
        let html = try render(#"<a title="{{x}}">"#, ["x": "\"\u{301} onmouseover=alert(1) <\u{338}b>\u{301}"])
        #expect(html == "<a title=\"&quot;\u{301} onmouseover=alert(1) &lt;\u{338}b&gt;\u{301}\">")
        let part = try render(#"{{> parts/part}}"#, ["x": "'\u{301}"], partial: "{{x}}")
        #expect(part == "&#39;\u{301}")
    }

    @Test("know texts by key, in the visitor's language") func words() throws {
        #expect(try render("{{t.sale.title}} {{t.display.scan}}", [:]) == "Nytt salg Skann med Vipps")
    }

    @Test("skip sections for what is not there, without looking further out") func absent() throws {
        let values: TemplateValue = ["error": "outer", "inner": ["error": .nothing, "empty": "", "list": []]]
        #expect(
            try render(
                "{{#inner}}[{{error}}{{#error}}!{{/error}}{{^error}}none{{/error}}{{#empty}}!{{/empty}}{{#list}}!{{/list}}]{{/inner}}",
                values) == "[none]")
    }

    @Test(
        "are refused when they are loaded, with the file and the mistake",
        arguments: [
            ("{{> parts/nowhere}}", "no partial parts/nowhere"), ("{{t.sale.titel}}", "no text has the key sale.titel"),
            ("{{t.pay.payAmount}}", "pay.payAmount has placeholders"), ("{{#open}}", "page.mustache"),
        ])
    func mistakes(template: String, complaint: String) throws {
        let error = try #require(throws: Templates.Mistake.self) { try render(template, [:]) }
        #expect(error.description.contains(complaint), "\(error)")
    }

    @Test("may not take the name of one of the frame's") func names() throws {
        #expect(throws: Templates.Mistake.self) {
            try withTemplates(["shell.mustache": ""]) { try Templates(pages: $0, texts: texts) }
        }
    }
}
