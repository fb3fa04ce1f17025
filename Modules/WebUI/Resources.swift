import Foundation

/// The files shipped with this module.
enum Resources {
    // Not `resourceURL`: Foundation takes a folder of this very name for the bundle's own, elsewhere than on Linux not.
    static func directory(named name: String) -> URL {
        Bundle.module.bundleURL.appending(path: "Resources").appending(path: name)
    }

    static func data(named name: String) throws -> Data { try Data(contentsOf: directory(named: name)) }
}
