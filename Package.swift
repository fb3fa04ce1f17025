// swift-tools-version: 6.2
import PackageDescription

// The module table of ARCHITECTURE.md as code: one line a room, with everything it may import.
// Tests/ArchitectureTests compares every import in the tree with this table.

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func room(
    _ name: String, at path: String, imports: [Target.Dependency] = [], notes: [String] = [], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: imports, path: "Modules/\(path)", exclude: notes, resources: resources,
        swiftSettings: house)
}

func app(_ name: String, at path: String, imports: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: imports, path: path, swiftSettings: house)
}

func tool(_ name: String, at path: String, imports: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: imports, path: path, swiftSettings: house)
}

func tests(_ name: String, imports: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: imports, path: "Tests/\(name)", resources: resources, swiftSettings: house)
}

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

let shared: [Target.Dependency] = ["SharedKernel", "Messaging", "MessageContracts"]
let adapterTechnology: [Target.Dependency] = [
    "SQLiteStorage", "HTTPServing", "Cryptography", "CrashPoints", grdb, hummingbird, httpTypes, nioCore, lifecycle,
    logging, metrics,
]
let appTechnology: [Target.Dependency] = [
    "SQLiteStorage", "ZeroMQMessaging", "HTTPServing", "ServiceRuntime", "Cryptography",
    hummingbird, lifecycle, logging, configuration,
]

let package = Package(
    name: "vipps-till",
    products: [
        .executable(name: "financial-service", targets: ["FinancialService"]),
        .executable(name: "pos-service", targets: ["PointOfSaleService"]),
        .executable(name: "vipps-gateway", targets: ["VippsGateway"]),
        .executable(name: "notification-relay", targets: ["NotificationRelay"]),
        .executable(name: "bus-tool", targets: ["BusTool"]),
        .executable(name: "drill", targets: ["Drill"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration.git", exact: "1.4.0",
            traits: [.defaults, "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    ],
    targets: [
        // Shared: the words every context may use.
        room("SharedKernel", at: "Shared/SharedKernel"),
        room("Messaging", at: "Shared/Messaging", imports: ["SharedKernel", lifecycle, logging, metrics]),
        room("MessageContracts", at: "Shared/MessageContracts", imports: ["SharedKernel", "Messaging"]),

        // Platform: technology without business.
        .systemLibrary(name: "CZeroMQ", path: "Modules/Platform/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "COpenSSL", path: "Modules/Platform/COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", path: "Modules/Platform/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CQREncode", path: "Modules/Platform/CQREncode", providers: [.apt(["libqrencode-dev"])]),
        room("CrashPoints", at: "Platform/CrashPoints"),
        room("QRCode", at: "Platform/QRCode", imports: ["CQREncode"]),
        room("ZeroMQ", at: "Platform/ZeroMQ", imports: ["CZeroMQ"]),
        room(
            "ZeroMQMessaging", at: "Platform/ZeroMQMessaging",
            imports: ["SharedKernel", "Messaging", "ZeroMQ", "CrashPoints", lifecycle, logging, metrics]),
        room(
            "SQLiteStorage", at: "Platform/SQLiteStorage",
            imports: ["SharedKernel", "Messaging", "CrashPoints", grdb, logging, metrics]),
        room("Cryptography", at: "Platform/Cryptography", imports: ["COpenSSL"]),
        room(
            "HTTPServing", at: "Platform/HTTPServing",
            imports: [
                "SharedKernel", "Messaging", "Cryptography", hummingbird, hummingbirdCore, httpTypes, nioCore, logging,
                metrics,
            ]),
        room(
            "ServiceRuntime", at: "Platform/ServiceRuntime",
            imports: ["SharedKernel", lifecycle, signals, configuration, system, logging, metrics, coreMetrics]),
        room(
            "WebUI", at: "WebUI", imports: ["SharedKernel", "HTTPServing", hummingbird, httpTypes, mustache],
            notes: ["COMPONENTS.md"], resources: [.copy("Resources")]),

        // Contexts: a pure core and its adapters each. They never import one another.
        room("PointOfSale", at: "PointOfSale/Core", imports: ["SharedKernel"]),
        room(
            "PointOfSaleAdapters", at: "PointOfSale/Adapters",
            imports: ["PointOfSale", "WebUI", "QRCode", mustache] + shared + adapterTechnology,
            resources: [.copy("Pages")]),
        room("Payments", at: "Payments/Core", imports: ["SharedKernel"]),
        room(
            "PaymentsAdapters", at: "Payments/Adapters",
            imports: ["Payments", httpClient, nioHTTP1, nioPosix] + shared + adapterTechnology),
        room("Finance", at: "Finance/Core", imports: ["SharedKernel"]),
        room(
            "FinanceAdapters", at: "Finance/Adapters",
            imports: ["Finance", "WebUI", mustache] + shared + adapterTechnology, resources: [.copy("Pages")]),
        room("Notifications", at: "Notifications/Core", imports: ["SharedKernel"]),
        room(
            "NotificationsAdapters", at: "Notifications/Adapters",
            imports: ["Notifications", "CCurl"] + shared + adapterTechnology),

        // Apps: one composition root each.
        app(
            "PointOfSaleService", at: "Apps/pos-service",
            imports: ["PointOfSale", "PointOfSaleAdapters", "WebUI"] + shared + appTechnology),
        app(
            "VippsGateway", at: "Apps/vipps-gateway",
            imports: ["Payments", "PaymentsAdapters", httpClient] + shared + appTechnology),
        app(
            "FinancialService", at: "Apps/financial-service",
            imports: ["Finance", "FinanceAdapters", "WebUI"] + shared + appTechnology),
        app(
            "NotificationRelay", at: "Apps/notification-relay",
            imports: ["Notifications", "NotificationsAdapters"] + shared + appTechnology),
        app(
            "BusTool", at: "Tools/BusTool",
            imports: [
                "SharedKernel", "Messaging", "ZeroMQ", "ZeroMQMessaging", "SQLiteStorage", arguments, logging, grdb,
            ]),
        // The drill: the cores in one process, by a seeded clock.
        tool(
            "Simulation", at: "Tools/DrillTool/Simulation",
            imports: ["PointOfSale", "Payments", "Finance", "Notifications"] + shared),
        app("Drill", at: "Tools/DrillTool/Program", imports: ["Simulation", arguments]),
    ]
)

// Tests, one target a room.
package.targets += [
    tests("SharedKernelTests", imports: ["SharedKernel"]),
    tests("MessageContractsTests", imports: shared, resources: [.copy("Golden")]),
    tests("BusTests", imports: ["ZeroMQ", "ZeroMQMessaging", "SQLiteStorage", grdb, lifecycle, logging] + shared),
    tests("CryptographyTests", imports: ["Cryptography"]),
    tests(
        "HTTPServingTests",
        imports: [
            "SharedKernel", "Messaging", "HTTPServing", "ServiceRuntime", "Cryptography", hummingbird,
            hummingbirdTesting, logging, metrics, coreMetrics,
        ]),
    tests("WebUITests", imports: ["WebUI", "SharedKernel", "HTTPServing", hummingbird, hummingbirdTesting, mustache]),
    tests("PointOfSaleTests", imports: ["PointOfSale", "SharedKernel"]),
    tests(
        "PointOfSaleAdaptersTests",
        imports: [
            "PointOfSale", "PointOfSaleAdapters", "SQLiteStorage", "HTTPServing", "Cryptography", "WebUI", hummingbird,
            hummingbirdTesting, grdb, httpTypes, nioCore, logging,
        ] + shared),
    tests("PaymentsTests", imports: ["Payments", "SharedKernel"]),
    tests(
        "PaymentsAdaptersTests",
        imports: [
            "Payments", "PaymentsAdapters", "SQLiteStorage", "HTTPServing", "Cryptography", hummingbird,
            hummingbirdTesting, httpTypes, httpClient, nioCore, nioHTTP1, grdb, lifecycle, logging,
        ] + shared, resources: [.copy("Vectors")]),
    tests("FinanceTests", imports: ["Finance", "SharedKernel"]),
    tests(
        "FinanceAdaptersTests",
        imports: [
            "Finance", "FinanceAdapters", "SQLiteStorage", "HTTPServing", "Cryptography", "WebUI", hummingbird,
            hummingbirdTesting, grdb, logging,
        ] + shared),
    tests("NotificationsTests", imports: ["Notifications", "SharedKernel"]),
    tests(
        "NotificationsAdaptersTests",
        imports: [
            "Notifications", "NotificationsAdapters", "SQLiteStorage", "HTTPServing", "Cryptography", hummingbird,
            hummingbirdTesting, grdb, lifecycle, logging,
        ] + shared),
    tests("ArchitectureTests", imports: []),
    tests("DrillTests", imports: ["Simulation"]),
    tests(
        "BusIntegrationTests",
        imports: [
            // The four services, so that their executables stand beside the tests.
            "PointOfSaleService", "VippsGateway", "FinancialService", "NotificationRelay",
            "ZeroMQ", "ZeroMQMessaging", "Cryptography", "HTTPServing", hummingbird, hummingbirdTesting, httpTypes,
            httpClient, nioCore, nioHTTP1, logging,
        ] + shared),
]

// While working on one room: `TEST_TARGETS=PaymentsTests swift test` builds these tests and what they need, nothing else.
if let wanted = Context.environment["TEST_TARGETS"] {
    var needed: Set<String> = []
    var waiting = wanted.split(separator: ",").map(String.init)
    while let name = waiting.popLast() {
        guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else {
            continue
        }
        for case .byNameItem(let dependency, _) in target.dependencies { waiting.append(dependency) }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products.removeAll { product in
        !((product as? Product.Executable)?.targets.allSatisfy(needed.contains) ?? false)
    }
}
