/// Status and fields of the answer that a file is, and which part of it is sent (protocol/INTERFACE.md, O3 to O5).
package struct FileAnswer: Hashable, Sendable {
    /// What a request says of the file that it wants.
    package struct Wish: Hashable, Sendable {
        package var isHead: Bool
        package var accepted: AcceptedCodings
        package var conditions: Preconditions
        /// The value of `Range`, where there is one.
        package var range: String?

        package init(
            isHead: Bool = false, accepted: AcceptedCodings = AcceptedCodings([]),
            conditions: Preconditions = Preconditions(), range: String? = nil
        ) {
            self.isHead = isHead
            self.accepted = accepted
            self.conditions = conditions
            self.range = range
        }
    }

    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    package var status: Int
    package var fields: [Field] = []
    /// Of the content; `nil` where there is none, of 304.
    package var length: Int?
    /// Bytes of the file that are sent.
    package var part = 0..<0
    /// Sent instead, where the file is not.
    package var text = ""

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - cacheControl: the field's value, if it is sent.
    package init(_ file: FileRepresentation, for wish: Wish, now: Int, cacheControl: String?) {
        let modified = file.lastModified(now: now)
        self.status = 200
        switch wish.conditions.verdict(tag: file.tag, lastModified: modified) {
        case .failed:
            self = FileAnswer(status: 412, text: "The file is not in the state that the request asks for.")
            return
        case .notModified: self.status = 304
        case .goOn: self.choosePart(of: file, for: wish, now: now)
        }
        self.add("etag", file.tag.opaque)
        self.add("last-modified", HTTPDate(unixSeconds: modified).text)
        self.add("vary", "accept-encoding")
        if let cacheControl { self.add("cache-control", cacheControl) }
        guard self.status != 304 else { return }
        if self.status == 416 {
            self.text = "The file has no such part."
            self.length = self.text.utf8.count + 1
            self.add("content-type", "text/plain; charset=utf-8")
            self.add("content-range", "bytes */\(file.state.size)")
            return
        }
        self.add("content-type", file.mediaType)
        if let coding = file.coding { self.add("content-encoding", coding.rawValue) }
        self.add("accept-ranges", "bytes")
        if self.status == 206 {
            let last = self.part.upperBound - 1
            self.add("content-range", "bytes \(self.part.lowerBound)-\(last)/\(file.state.size)")
        }
        self.length = self.part.count
        if wish.isHead { self.part = 0..<0 }
    }

    /// One that holds no file.
    package init(status: Int, _ fields: [Field] = [], text: String = "") {
        self.status = status
        self.fields = fields
        self.text = text
        self.length = status == 204 ? nil : text.isEmpty ? 0 : text.utf8.count + 1
        if !text.isEmpty { self.add("content-type", "text/plain; charset=utf-8") }
    }

    /// A part is for `GET` alone (RFC 9110, 14.2).
    private mutating func choosePart(of file: FileRepresentation, for wish: Wish, now: Int) {
        self.part = 0..<file.state.size
        let modified = file.lastModified(now: now)
        guard let field = wish.range, !wish.isHead,
            wish.conditions.allowsRange(tag: file.tag, lastModified: modified, now: now)
        else { return }
        switch ByteRange(field, size: file.state.size) {
        case .whole: break
        case .part(let part): (self.status, self.part) = (206, part)
        case .unsatisfiable: (self.status, self.part) = (416, 0..<0)
        }
    }

    private mutating func add(_ name: String, _ value: String) { self.fields.append(Field(name: name, value: value)) }
}

extension FileAnswer {
    private static let methods = Field(name: "allow", value: "GET, HEAD, OPTIONS")

    package static let notFound = FileAnswer(status: 404, text: "There is no such file.")
    package static let options = FileAnswer(status: 204, [methods])
    package static let method = FileAnswer(status: 405, [methods], text: "Files can only be read.")
    package static let notAcceptable = FileAnswer(
        status: 406, [Field(name: "vary", value: "accept-encoding")],
        text: "The file has no coding that the client takes.")
    package static let unreadable = FileAnswer(status: 500, text: "The file could not be read.")
    package static let busy = FileAnswer(
        status: 503, [Field(name: "retry-after", value: "1")], text: "Too many files are being sent.")

    /// A relative target, so that it is true behind a proxy that serves the site below another path; with `./` no
    /// name can be taken for a scheme or a host.
    ///
    /// - Parameters:
    ///   - rawPath: as it came, without a `/` at its end.
    ///   - query: as it came.
    package static func redirect(rawPath: Substring, query: Substring) -> FileAnswer {
        let name = rawPath.split(separator: "/").last ?? ""
        let target = "./\(name)/" + (query.isEmpty ? "" : "?\(query)")
        return FileAnswer(status: 301, [Field(name: "location", value: target)], text: "It is a folder.")
    }
}
