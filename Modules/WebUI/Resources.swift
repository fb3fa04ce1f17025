import Foundation

/// The files shipped with this module.
enum Resources {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static func directory(named name: String) throws -> URL {
        guard let root = Bundle.module.resourceURL else {
            throw Missing(description: "the WebUI resources are missing")
        }
        return root.appending(path: "Resources").appending(path: name)
    }

    static func data(named name: String) throws -> Data { try Data(contentsOf: directory(named: name)) }
}
