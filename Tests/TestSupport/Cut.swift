/// How a stream is cut on its way: a frame must not depend on it (F12).
package enum Cut: CaseIterable, Sendable {
    case whole, byteByByte, atRandom

    package func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        switch self {
        case .whole: return [bytes]
        case .byteByByte: return bytes.map { [$0] }
        case .atRandom:
            var random = SeededGenerator(seed: UInt64(bytes.count))
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, 40), using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            return pieces
        }
    }
}
