import SeawayWire
import TestSupport
import Testing

/// `frames.json`: where frames begin and end, and what is wrong with them by their form alone.
struct FrameVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Limits: Decodable, Sendable {
        var maxBody: Int?
        var maxLine: Int?

        enum CodingKeys: String, CodingKey {
            case maxBody = "max-body"
            case maxLine = "max-line"
        }
    }

    struct Frame: Decodable, Sendable, Hashable {
        var verb: VectorText
        var args: [VectorText]?
        var options: [String: String]?
        var body: VectorText?
        var bodyHex: VectorHex?
        var refused: String?

        enum CodingKeys: String, CodingKey {
            case verb, args, options, body, refused
            case bodyHex = "body_hex"
        }
    }

    let id: String
    let why: String
    let wire: VectorText?
    let wireHex: VectorHex?
    let limits: Limits?
    let frames: [Frame]
    let end: String?
    let rest: Bool?

    enum CodingKeys: String, CodingKey {
        case id, why, wire, limits, frames, end, rest
        case wireHex = "wire_hex"
    }

    var testDescription: String { self.id }
    var bytes: [UInt8] { self.wire?.bytes ?? self.wireHex?.bytes ?? [] }
    var wireLimits: WireLimits {
        WireLimits(maxLine: self.limits?.maxLine ?? 4_096, maxBody: self.limits?.maxBody ?? 2_097_152)
    }
}

/// What the parser found, in the words of the vectors.
struct ParsedFrame: Hashable {
    var verb = ""
    var args: [String] = []
    var options: [String: String] = [:]
    var body: [UInt8]?
    var refused: String?

    init(_ bytes: Span<UInt8>, _ shape: FrameShape) {
        let line = bytes.extracting(..<shape.lineLength)
        self.body = shape.hasBody && !shape.body.isEmpty ? bytes.extracting(shape.body).array : shape.hasBody ? [] : nil
        var words = Words()
        if let verb = words.next(in: line) { self.verb = line.extracting(verb).text }
        if shape.hasBody || shape.lacksBody { _ = words.next(in: line) }
        var options = WireOptions()
        var isMisplaced = false
        var sawOption = false
        while let word = words.next(in: line) {
            let word = line.extracting(word)
            // Behind ERR and BYE, a code and options, a text may follow (A3, A5).
            if ["ERR", "BYE"].contains(self.verb), self.args.count == 1, word.firstIndex(of: UInt8(ascii: "=")) == nil {
                break
            }
            guard word.firstIndex(of: UInt8(ascii: "=")) != nil else {
                isMisplaced = isMisplaced || sawOption
                self.args.append(word.text)
                continue
            }
            sawOption = true
            do throws(WireRefusal) { try options.add(word) } catch { self.refused = error.code.rawValue }
        }
        if isMisplaced { self.refused = "args" }
        if shape.lacksBody, self.refused == nil { self.refused = "payload" }
        self.options = Dictionary(uniqueKeysWithValues: options.all)
    }

    /// What the vector must say of it; of a refused frame only that it is refused, and why.
    func matches(_ frame: FrameVector.Frame) -> Bool {
        guard self.refused == frame.refused, self.verb == frame.verb.string else { return false }
        if self.refused != nil { return true }
        return self.args == (frame.args ?? []).map(\.string) && self.options == frame.options ?? [:]
            && self.body == (frame.body?.bytes ?? frame.bodyHex?.bytes)
    }
}

@Suite struct FrameVectorTests {
    @Test(arguments: try Vectors.load("frames.json", as: FrameVector.self), Cut.allCases)
    func framesAreTheSameHoweverTheyWereCut(vector: FrameVector, cut: Cut) {
        // A long frame byte by byte shows nothing that a short one does not.
        let cut = vector.bytes.count > 20_000 && cut == .byteByByte ? .atRandom : cut
        var parser = FrameParser(limits: vector.wireLimits)
        var frames: [ParsedFrame] = []
        var pending: ParsedFrame?
        var end: EndReason?
        var unread: [UInt8] = []
        feeding: for piece in cut.pieces(of: vector.bytes) {
            unread += piece
            do throws(StreamError) {
                reading: while true {
                    switch try parser.step(unread.span) {
                    case .needMoreBytes: break reading
                    case .frame(let shape):
                        frames.append(ParsedFrame(unread.span, shape))
                        unread.removeFirst(shape.length)
                    case .tooLarge(let shape):
                        pending = ParsedFrame(unread.span, shape.asLineAlone)
                        unread.removeFirst(shape.length)
                    case .discard(let count): unread.removeFirst(count)
                    case .discarded:
                        guard var frame = pending.take() else { break }
                        frame.refused = frame.refused ?? "size"
                        frames.append(frame)
                    }
                }
            } catch {
                end = error.reason
                break feeding
            }
        }
        #expect(frames.count == vector.frames.count, "\(vector.why)")
        for (frame, expected) in zip(frames, vector.frames) {
            #expect(frame.matches(expected), "\(vector.why): \(frame)")
        }
        #expect(end?.rawValue == vector.end, "\(vector.why)")
        if end == nil {
            #expect(parser.isInsideFrame(hasBytes: !unread.isEmpty) == (vector.rest ?? false), "\(vector.why)")
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 7_411)
        let words = ["SEND", "HELLO", ":5", ":-", "{", " ", "\n", "\r", "=", "x", "1", "!", "?", "\u{7F}"]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in
                Array(words[Int.random(in: 0..<words.count, using: &random)].utf8)
            }
            var parser = FrameParser(limits: WireLimits(maxLine: 64, maxBody: 32, maxSkippedBody: 64))
            var unread = bytes
            var steps = 0
            reading: while let step = try? parser.step(unread.span) {
                steps += 1
                switch step {
                case .needMoreBytes: break reading
                case .frame(let shape), .tooLarge(let shape):
                    _ = try? Request(line: unread.span.extracting(..<shape.lineLength), shape: shape)
                    unread.removeFirst(shape.length)
                case .discard(let count): unread.removeFirst(count)
                case .discarded: break
                }
            }
            #expect(steps <= bytes.count + 2)
        }
    }
}

extension FrameShape {
    /// A too large frame has a line and no body yet.
    var asLineAlone: FrameShape {
        var shape = self
        shape.body = 0..<0
        return shape
    }
}
