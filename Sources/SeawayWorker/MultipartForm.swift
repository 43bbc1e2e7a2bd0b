/// The parts of a form (`multipart/form-data`, RFC 7578), as they come: fields and files of any size.
///
/// ```swift
/// for try await part in try request.multipart() {
///     if let filename = part.filename {
///         for try await piece in part.body { … }
///     } else {
///         fields[part.name] = try await part.text()
///     }
/// }
/// ```
///
/// It is gone through once, one part after another, by one task: what is not taken of a part is passed over when the
/// next is asked for. It holds what ``RequestBody`` holds, and one head.
///
/// What it throws when it is gone through: `WorkerError` with `malformedForm` (the body is no form: a worker answers
/// 400), `bodyTooLarge` (more than ``MultipartLimits`` say: 413), and as ``RequestBody`` does.
public struct MultipartForm: AsyncSequence, Sendable {
    public typealias Element = MultipartPart

    private let body: RequestBody
    private let boundary: [UInt8]
    private let limits: MultipartLimits

    /// - Throws: `WorkerError` with `malformedForm` when the content type says something else, or no boundary.
    init(_ body: RequestBody, contentType: String?, limits: MultipartLimits) throws {
        let type = HeaderParameters(contentType ?? "")
        guard type.value == "multipart/form-data", let boundary = type["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { throw WorkerError(.malformedForm, name: "content-type") }
        self.body = body
        self.boundary = Array(boundary.utf8)
        self.limits = limits
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            reader: MultipartReader(
                self.body, MultipartParser(boundary: self.boundary, limits: self.limits), most: self.limits.bytes))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: MultipartReader

        public mutating func next() async throws -> MultipartPart? { try await self.reader.nextPart() }
    }
}

@available(*, unavailable) extension MultipartForm.AsyncIterator: Sendable {}

/// One field or file of a form.
public struct MultipartPart {
    /// What the field is called.
    public let name: String
    /// What the file is called, without what stands before the last `/` or `\`; `nil` for a field that is no file.
    public let filename: String?
    /// In their order; names in lower case.
    public let headers: [(name: String, value: String)]
    /// The content, as it comes; to be gone through before the next part is asked for.
    public let body: Body

    init(_ head: MultipartHead, number: Int, _ reader: MultipartReader) {
        self.name = head.name
        self.filename = head.filename.map { name in
            String(name[(name.lastIndex { $0 == "/" || $0 == "\\" }.map(name.index(after:)) ?? name.startIndex)...])
        }
        self.headers = head.fields.map { ($0.name, $0.value) }
        self.body = Body(number: number, reader: reader)
    }

    /// The first field of that name, in lower case.
    public func header(_ name: String) -> String? { self.headers.first { $0.name == name }?.value }

    /// The content as UTF-8; what is ill-formed in it is replaced.
    ///
    /// - Throws: `WorkerError` with `bodyTooLarge` beyond `limit` bytes (1 MiB), and as the form does.
    public func text(upTo limit: Int = 1_048_576) async throws -> String {
        String(decoding: try await self.collect(upTo: limit), as: UTF8.self)
    }

    /// The whole content; see ``text(upTo:)``.
    public func collect(upTo limit: Int = 1_048_576) async throws -> [UInt8] {
        var content: [UInt8] = []
        for try await piece in self.body {
            guard piece.count <= limit - content.count else { throw WorkerError(.bodyTooLarge, name: "\(limit)") }
            content += piece
        }
        return content
    }

    /// The content of a part in pieces.
    public struct Body: AsyncSequence {
        public typealias Element = [UInt8]

        let number: Int
        let reader: MultipartReader

        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(number: self.number, reader: self.reader) }

        public struct AsyncIterator: AsyncIteratorProtocol {
            let number: Int
            let reader: MultipartReader

            /// - Returns: `nil` at the end of the part, and when another part was asked for meanwhile.
            public mutating func next() async throws -> [UInt8]? {
                try await self.reader.nextPiece(of: self.number)
            }
        }
    }
}

@available(*, unavailable) extension MultipartPart: Sendable {}
@available(*, unavailable) extension MultipartPart.Body: Sendable {}
@available(*, unavailable) extension MultipartPart.Body.AsyncIterator: Sendable {}

/// Gives the parser the pieces of a body.
final class MultipartReader {
    private var pieces: RequestBody.AsyncIterator
    private var parser: MultipartParser
    private let most: Int
    private var size = 0
    /// How many parts have begun, and whether the last of them goes on.
    private var begun = 0
    private var isInPart = false
    private var failure: (any Error)?

    init(_ body: RequestBody, _ parser: MultipartParser, most: Int) {
        self.pieces = body.makeAsyncIterator()
        self.parser = parser
        self.most = most
    }

    func nextPart() async throws -> MultipartPart? {
        while true {
            switch try await self.step() {
            case .part(let head):
                self.begun += 1
                self.isInPart = true
                return MultipartPart(head, number: self.begun, self)
            case .end: return nil
            case .content, .partEnd, .needMoreBytes: self.isInPart = false
            }
        }
    }

    func nextPiece(of part: Int) async throws -> [UInt8]? {
        guard part == self.begun, self.isInPart else { return nil }
        if case .content(let content) = try await self.step() { return content }
        self.isInPart = false
        return nil
    }

    /// - Returns: anything but that more bytes are needed.
    private func step() async throws -> MultipartParser.Step {
        if let failure { throw failure }
        do {
            while true {
                let step = try self.parser.next()
                guard step == .needMoreBytes else { return step }
                guard let piece = try await self.pieces.next() else {
                    throw WorkerError(.malformedForm, name: "the last delimiter is missing")
                }
                guard piece.count <= self.most - self.size else {
                    throw WorkerError(.bodyTooLarge, name: "\(self.most)")
                }
                self.size += piece.count
                self.parser.append(piece)
            }
        } catch {
            let error = (error as? MultipartFault).map(WorkerError.init) ?? error
            self.failure = error
            throw error
        }
    }
}

@available(*, unavailable) extension MultipartReader: Sendable {}

extension WorkerError {
    fileprivate init(_ fault: MultipartFault) {
        switch fault {
        case .malformedHead: self.init(.malformedForm, name: "the fields of a part")
        case .headTooLarge: self.init(.bodyTooLarge, name: "the fields of a part")
        case .tooManyParts: self.init(.bodyTooLarge, name: "too many parts")
        }
    }
}
