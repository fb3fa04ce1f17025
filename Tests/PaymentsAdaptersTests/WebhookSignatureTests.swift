import Foundation
import Payments
import PaymentsAdapters
import Testing

/// The deliveries of Vectors/webhook-signatures.json.
struct SignatureVectors: Decodable {
    struct Delivery: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let url: String
        let secret: String
        let date: String?
        let contentHash: String?
        let authorization: String?
        let body: Data

        var testDescription: String { name }
    }

    let accepted: [Delivery]
    let refused: [Delivery]

    static let all: SignatureVectors = {
        let file = Bundle.module.url(forResource: "webhook-signatures", withExtension: "json", subdirectory: "Vectors")
        guard let file, let text = try? Data(contentsOf: file),
            let vectors = try? JSONDecoder().decode(SignatureVectors.self, from: text)
        else { fatalError("Vectors/webhook-signatures.json cannot be read") }
        return vectors
    }()
}

@Suite("The signature of a webhook") struct WebhookSignatureTests {
    private func isValid(_ delivery: SignatureVectors.Delivery, otherHeader: Bool = false) -> Bool {
        guard delivery.method == "POST", let date = delivery.date, let hash = delivery.contentHash else { return false }
        let both = otherHeader ? ["Bearer of a proxy", delivery.authorization] : [delivery.authorization]
        return WebhookSignature(date: date, contentHash: hash, authorizations: both.compactMap { $0 })
            .isValid(for: delivery.body, secret: Data(delivery.secret.utf8), url: delivery.url)
    }

    @Test("is accepted as Vipps makes it", arguments: SignatureVectors.all.accepted)
    func accepted(delivery: SignatureVectors.Delivery) {
        #expect(isValid(delivery))
        #expect(isValid(delivery, otherHeader: true))
    }

    @Test("is refused when anything differs", arguments: SignatureVectors.all.refused)
    func refused(delivery: SignatureVectors.Delivery) {
        #expect(!isValid(delivery))
    }

    @Test("has 11 and 19 examples")
    func complete() {
        #expect(SignatureVectors.all.accepted.count == 11)
        #expect(SignatureVectors.all.refused.count == 19)
    }

    @Test("leaves the scheme's own port out of the host and keeps any other")
    func ports() throws {
        let delivery = try #require(SignatureVectors.all.accepted.first { $0.name == "created" })
        let signature = WebhookSignature(
            date: delivery.date ?? "", contentHash: delivery.contentHash ?? "",
            authorizations: [delivery.authorization ?? ""])
        let secret = Data(delivery.secret.utf8)
        let url = delivery.url
        #expect(
            signature.isValid(
                for: delivery.body, secret: secret, url: url.replacing("example.com", with: "example.com:443")))
        #expect(
            !signature.isValid(
                for: delivery.body, secret: secret, url: url.replacing("example.com", with: "example.com:8443")))
    }

    @Test("is never valid under an empty secret")
    func emptySecret() throws {
        let delivery = try #require(SignatureVectors.all.accepted.first)
        let signature = WebhookSignature(
            date: delivery.date ?? "", contentHash: delivery.contentHash ?? "", authorizations: [])
        #expect(!signature.isValid(for: delivery.body, secret: Data(), url: delivery.url))
    }
}

@Suite("The secret part of a webhook's address") struct WebhookTokenTests {
    @Test("is new each time and holds plain letters and digits only")
    func plain() {
        let tokens = (0..<200).map { _ in WebhookToken.make() }
        #expect(Set(tokens).count == 200)
        #expect(tokens.allSatisfy(WebhookToken.isToken))
    }

    @Test("is nothing else", arguments: ["", "ABC", "a-b", "a/b", "å", "a%20", String(repeating: "a", count: 129)])
    func nothingElse(text: String) {
        #expect(!WebhookToken.isToken(text))
    }
}

@Suite("An SVG image from outside") struct SVGImageTests {
    private func image(_ text: String, type: String? = "image/svg+xml") throws -> String {
        try SVGImage(contentType: type, bytes: Array(text.utf8)).text
    }

    @Test(
        "is left as it was drawn when it is harmless",
        arguments: [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="white"/></svg>"#,
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
            <!-- drawn by machine --><svg xmlns:xlink="http://www.w3.org/1999/xlink"><defs><rect id="p" width='1'/></defs>
            <use xlink:href="#p" x="1" style="fill:#000"/><path d="M0 0h1v1z"/>
            <image href="data:image/png;base64,AAAA"/></svg>
            """,
        ])
    func harmless(text: String) throws {
        #expect(try image(text) == text)
        #expect(try image(text, type: "image/svg+xml; charset=utf-8") == text)
    }

    @Test(
        "is refused when it runs, loads or hides something",
        arguments: [
            "", "nothing", "<html></html>", "<svg><script>alert(1)</script></svg>",
            "<svg><SCRIPT/></svg>", #"<svg onload="x()"></svg>"#, #"<svg/onload="x()">"#,
            #"<svg><a href="javascript:x()">k</a></svg>"#, "<svg><foreignObject/></svg>",
            #"<svg><use href="https://evil.example/x#y"/></svg>"#,
            #"<svg><image href="http://evil.example/x.png"/></svg>"#,
            #"<svg><rect fill="url(https://evil.example)"/></svg>"#, "<svg><style>*{}</style></svg>",
            #"<!DOCTYPE svg [<!ENTITY x "y">]><svg></svg>"#, "<svg><!--><script>x</script>--></svg>",
            "<?xml > <script>x</script> ?><svg></svg>", "<svg><animate/></svg>", "<svg></svg><svg></svg>",
            #"<svg><rect fill="a"b="c"></svg"#, "<svg><rect fill=red /></svg>",
            #"<svg><image href="data:image/svg+xml;base64,A"/></svg>"#,
        ])
    func harmful(text: String) {
        #expect(throws: SVGImage.Objection.self) { try image(text) }
    }

    @Test("is refused under any other type, and beyond its size")
    func typeAndSize() {
        #expect(throws: SVGImage.Objection.self) { try image("<svg></svg>", type: "text/html") }
        #expect(throws: SVGImage.Objection.self) { try image("<svg></svg>", type: nil) }
        let large = "<svg>" + String(repeating: " ", count: SVGImage.bytesMax) + "</svg>"
        #expect(throws: SVGImage.Objection.self) { try image(large) }
    }
}
