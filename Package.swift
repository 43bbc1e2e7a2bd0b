// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target: Swift 6 mode, warnings are errors, imports say what they expose.
let rules: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Tests are built as what they test, beside it; they themselves gain nothing by the optimizer, which Swift 6.3 has
/// break down over one of them.
let testRules = rules + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }

let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// Of which commit this is, as the project's scripts say it.
let commit = Context.environment["SEAWAY_COMMIT"] ?? ""

let package = Package(
    name: "seaway",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "SeawayMessage", targets: ["SeawayMessage"]),
        .library(name: "SeawayLog", targets: ["SeawayLog"]),
        .library(name: "SeawayTracing", targets: ["SeawayTracing"]),
        .library(name: "SeawayClient", targets: ["SeawayClient"]),
        .library(name: "SeawayWorker", targets: ["SeawayWorker"]),
        .library(name: "SeawayTesting", targets: ["SeawayTesting"]),
        .executable(name: "seaway", targets: ["seaway"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
        // As async-http-client has it: YAML is read with its lines by our own provider.
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.0.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // What Swift does not see of the C library.
        .target(name: "CSeaway"),
        .target(name: "CVersion", cSettings: [.define("SEAWAY_COMMIT", to: "\"\(commit)\"")]),
        // Libraries of other services, loaded when their bridges are started.
        .target(name: "CSharedLibrary", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "CLibpq", dependencies: ["CSharedLibrary"]),
        .target(name: "CMosquitto", dependencies: ["CSharedLibrary"]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // Floor 0: no NIO, no Foundation networking, no clock.
        .target(
            name: "SeawayWire", dependencies: [.product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: rules
        ),
        .target(name: "SeawayMessage", swiftSettings: rules),
        .target(name: "SeawayLog", dependencies: [logging], swiftSettings: rules),
        // Floor 1: the cryptography of the BoringSSL that TLS brings.
        .target(name: "SeawayCrypto", dependencies: [tls], swiftSettings: rules),
        // Floor 1: handlers without a socket; the store without bytes.
        .target(
            name: "SeawayNIO",
            dependencies: ["SeawayWire", nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"), logging, tls],
            swiftSettings: rules
        ),
        .target(
            name: "SeawayHub",
            dependencies: [
                "SeawayWire",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: rules
        ),
        // What keeps durable channels, as a broker knows it.
        .target(name: "SeawayStore", dependencies: ["SeawayWire"], swiftSettings: rules),
        // Floor 2: sockets, loops, configuration, logs.
        .target(
            name: "SeawayClient",
            dependencies: [
                "SeawayMessage", "SeawayLog", "SeawayWire", "SeawayNIO", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOConcurrencyHelpers"), .product(name: "DequeModule", package: "swift-collections"), logging, tls,
            ],
            swiftSettings: rules
        ),
        // Spans on their way to a collector.
        .target(
            name: "SeawayTracing",
            dependencies: [
                "SeawayLog", nio("NIOCore"), nio("NIOHTTP1"), logging, lifecycle, tracing,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: rules
        ),
        .target(
            name: "SeawayNATS",
            dependencies: [
                "SeawayCrypto", "SeawayLog", "SeawayMessage", "SeawayWire", "SeawayNIO", "SeawayStore", nio("NIOCore"),
                nio("NIOPosix"), nio("NIOTLS"), tls, .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: rules
        ),
        .target(
            name: "SeawayBroker",
            dependencies: [
                "CSeaway", "SeawayCrypto", "SeawayMessage", "SeawayWire", "SeawayNIO", "SeawayHub", "SeawayStore",
                nio("NIOCore"), nio("NIOPosix"), nio("NIOTLS"), logging, tls,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: rules
        ),
        // Floor 3: user code, and HTTP; both over any ChannelLayer.
        .target(
            name: "SeawayWorker",
            dependencies: [
                "SeawayMessage", "SeawayLog", logging, lifecycle, tracing,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: rules
        ),
        .target(
            name: "SeawayServer",
            dependencies: [
                "CSeaway", "SeawayMessage", "SeawayLog", "SeawayWire", "SeawayNIO", "CZlib", nio("NIOCore"),
                nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOTLS"), nio("NIOWebSocket"), logging, tls,
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: rules
        ),
        .target(
            name: "SeawayBridge",
            dependencies: [
                "CLibpq", "CMosquitto", "SeawayCrypto",
                "SeawayMessage", "SeawayWire", "SeawayNIO", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), logging,
                tls,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: rules
        ),
        // Floor 4: for people who test workers.
        .target(
            name: "SeawayTesting",
            dependencies: ["SeawayMessage", "SeawayBroker", "SeawayHub", "SeawayWire", nio("NIOPosix"), logging],
            swiftSettings: rules
        ),
        // Floor 4: what people see of it all, as text.
        .target(name: "SeawayConsole", dependencies: ["SeawayMessage"], swiftSettings: rules),
        // Floor 4: what people and their tools see of a process by HTTP: health, metrics, the console and its API.
        .target(
            name: "SeawayAdmin",
            dependencies: [
                "CVersion",
                "SeawayCrypto", "SeawayMessage", "SeawayWire", "SeawayNIO", "SeawayHub", "SeawayClient", "SeawayBroker",
                "SeawayServer",
                nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), logging,
            ],
            resources: [
                .embedInCode("Page/console.html"), .embedInCode("Page/console.css"), .embedInCode("Page/icon.svg"),
                .embedInCode("Page/theme.js"), .embedInCode("Page/console.js"), .embedInCode("Page/api.js"),
                .embedInCode("Page/rates.js"), .embedInCode("Page/format.js"), .embedInCode("Page/model.js"),
                .embedInCode("Page/chart.js"), .embedInCode("Page/table.js"), .embedInCode("Page/tiles.js"),
                .embedInCode("Page/lists.js"), .embedInCode("Page/sheet.js"), .embedInCode("Page/tail.js"),
                .embedInCode("Page/dialogs.js"), .embedInCode("Page/dom.js"), .embedInCode("Page/whole.js"),
            ],
            swiftSettings: rules
        ),
        // Floor 4: the live blog of the demos.
        .target(
            name: "DemoSite", dependencies: ["SeawayMessage", "SeawayWorker"],
            path: "Sources/Examples/DemoSite",
            resources: [
                .embedInCode("Page/page.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js"),
                .embedInCode("Page/feed.js"), .embedInCode("Page/icon.svg"),
            ],
            swiftSettings: rules
        ),
        // Floor 4: what a program is told, by files and by the environment.
        .target(
            name: "SeawayConfiguration",
            dependencies: [
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: rules
        ),
        // Floor 5: the command line.
        .executableTarget(
            name: "seaway",
            dependencies: [
                "DemoSite",
                "SeawayBroker", "SeawayClient", "SeawayServer", "SeawayWorker", "SeawayHub", "SeawayWire", "CSeaway",
                "SeawayConfiguration",
                "CVersion",
                "SeawayAdmin", "SeawayBridge", "SeawayConsole", "SeawayMessage", "SeawayLog", "SeawayNIO", "SeawayNATS",
                "SeawayTracing",
                nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                logging, lifecycle, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: rules
        ),
        .executableTarget(
            name: "seaway-demo-worker",
            dependencies: [
                "DemoSite", "SeawayClient", "SeawayWorker", "SeawayLog", "SeawayMessage", "SeawayTracing",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
                logging,
            ],
            path: "Sources/Examples/DemoWorker",
            swiftSettings: rules
        ),
        .executableTarget(
            name: "seaway-echo-worker",
            dependencies: [
                "SeawayClient", "SeawayWorker", "SeawayLog",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                logging,
            ],
            path: "Sources/Examples/EchoWorker",
            swiftSettings: rules
        ),
        // One test target per floor, and one for the whole.
        .target(name: "TestSupport", dependencies: ["SeawayMessage"], path: "Tests/TestSupport", swiftSettings: rules),
        .target(
            name: "BrokerSupport",
            dependencies: [
                "SeawayBroker", "SeawayClient", "SeawayMessage", "SeawayNIO", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOTLS"), logging, tls,
            ],
            path: "Tests/Support/BrokerSupport", swiftSettings: rules
        ),
        .testTarget(name: "SeawayWireTests", dependencies: ["SeawayWire", "TestSupport"], swiftSettings: testRules),
        .testTarget(
            name: "SeawayMessageTests", dependencies: ["SeawayMessage", "TestSupport"], swiftSettings: testRules
        ),
        .testTarget(name: "SeawayLogTests", dependencies: ["SeawayLog", logging], swiftSettings: testRules),
        .testTarget(
            name: "SeawayTracingTests",
            dependencies: [
                "SeawayTracing", "SeawayLog", tracing, logging, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayNIOTests",
            dependencies: [
                "SeawayNIO", "SeawayWire", "TestSupport", nio("NIOCore"), nio("NIOEmbedded"), nio("NIOHTTP1"),
                nio("NIOPosix"), nio("NIOTestUtils"), logging,
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayHubTests", dependencies: ["SeawayHub", "SeawayWire", "TestSupport"], swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayNATSTests",
            dependencies: [
                "SeawayNATS", "SeawayNIO", "SeawayMessage", "SeawayStore", "SeawayWire", "TestSupport", nio("NIOCore"),
                nio("NIOPosix"),
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayBrokerTests",
            dependencies: [
                "SeawayBroker", "SeawayHub", "SeawayMessage", "SeawayStore", "SeawayWire", "BrokerSupport",
                "TestSupport",
                nio("NIOCore"),
                nio("NIOPosix"),
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayClientTests",
            dependencies: [
                "SeawayClient", "SeawayWire", "SeawayMessage", "SeawayBroker", "SeawayHub", "BrokerSupport",
                "TestSupport", nio("NIOCore"), nio("NIOPosix"), logging,
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayWorkerTests",
            dependencies: [
                "SeawayWorker", "SeawayMessage", "SeawayTesting", "TestSupport", logging,
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayServerTests",
            dependencies: [
                "SeawayServer", "SeawayLog", "SeawayNIO", "SeawayWire", "SeawayMessage", "SeawayTesting", "TestSupport",
                "CZlib", nio("NIOCore"), nio("NIOPosix"), nio("NIOEmbedded"),
                nio("NIOHTTP1"), nio("NIOWebSocket"), logging,
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayBridgeTests",
            dependencies: [
                "SeawayBridge", "SeawayMessage", "SeawayNIO", "SeawayTesting", "SeawayWire", "TestSupport",
                nio("NIOHTTP1"), nio("NIOPosix"), logging,
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayTestingTests",
            dependencies: ["SeawayTesting", "SeawayWorker", "SeawayMessage", "TestSupport", logging],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayConsoleTests", dependencies: ["SeawayConsole", "SeawayMessage"], swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayAdminTests",
            dependencies: [
                "SeawayAdmin", "SeawayBroker", "SeawayClient", "SeawayMessage", "SeawayNIO", "SeawayServer",
                "SeawayWire", "BrokerSupport", "TestSupport", nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"), logging,
            ],
            swiftSettings: testRules
        ),
        .testTarget(
            name: "SeawayConfigurationTests", dependencies: ["SeawayConfiguration"], swiftSettings: testRules
        ),
        .testTarget(
            name: "SpecTests",
            dependencies: [
                "SeawayBroker", "SeawayHub", "SeawayClient", "SeawayServer", "SeawayWire", "SeawayWorker",
                "SeawayTesting",
                "SeawayMessage", "BrokerSupport", "TestSupport", nio("NIOCore"), nio("NIOPosix"), logging,
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testRules
        ),
    ],
    swiftLanguageModes: [.v6]
)
