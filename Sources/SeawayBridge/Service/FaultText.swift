import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a service cannot be reached, for people: without the names of types.
enum FaultText {
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let time): "no answer within \(time.nanoseconds / 1_000_000) ms"
        case let error as NIOConnectionError: self.of(error)
        default: "\(error)"
        }
    }

    private static func of(_ error: NIOConnectionError) -> String {
        var reasons: [String] = []
        for failure in error.connectionErrors where !reasons.contains(self.of(failure.error)) {
            reasons.append(self.of(failure.error))
        }
        return reasons.isEmpty ? "there is no host \(error.host)" : reasons.joined(separator: ", ")
    }
}
