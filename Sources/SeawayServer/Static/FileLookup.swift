/// Finds the file that a request wants, and begins to read it: all that waits for a disk, in one piece, for a thread
/// that may wait.
package struct FileLookup: Sendable {
    package enum Finding: Sendable {
        /// Send this, with the content that is there already, and then the rest.
        case answer(FileAnswer, content: [UInt8], rest: Rest?)
        /// Nothing that may be sent is there; whether it is only this process that may not read it.
        case missing(isDenied: Bool)
        case noRoom
        /// An `errno`.
        case failed(Int32)
    }

    /// What of a file has yet to be read.
    package struct Rest: Sendable {
        package let file: OpenFile
        package var range: Range<Int>

        /// - Returns: the next piece; `nil` when it cannot be had.
        package mutating func next(_ pieceSize: Int) -> [UInt8]? {
            let end = min(self.range.lowerBound + pieceSize, self.range.upperBound)
            defer { self.range = end..<self.range.upperBound }
            return self.file.read(self.range.lowerBound..<end)
        }
    }

    package var folder: String
    package var path: FilePath
    package var wish: FileAnswer.Wish
    /// Of the target, as they came: where a folder is asked for without its `/`.
    package var rawPath: Substring
    package var query: Substring
    /// What is sent without a coding may still get one on its way.
    package var isCompressedLater: Bool
    package var cacheControl: String?
    /// Bytes.
    package var pieceSize: Int
    /// Seconds since 1970.
    package var now: Int

    private static let index = Array("index.html".utf8)

    package func run() -> Finding {
        do throws(FileFault) {
            return try self.find(in: try OpenFolder(self.folder))
        } catch {
            switch error {
            case .missing, .isFolder: return .missing(isDenied: false)
            case .denied: return .missing(isDenied: true)
            case .noRoom: return .noRoom
            case .failed(let code): return .failed(code)
            }
        }
    }

    private func find(in folder: OpenFolder) throws(FileFault) -> Finding {
        switch self.path {
        case .root: return try self.redirect(folder, [])
        case .folder(let path): return try self.send(path + Self.index, from: folder)
        case .file(let path):
            do throws(FileFault) {
                return try self.send(path, from: folder)
            } catch .isFolder {
                return try self.redirect(folder, path + [UInt8(ascii: "/")])
            }
        }
    }

    /// Only where there is something to see.
    private func redirect(_ folder: OpenFolder, _ path: [UInt8]) throws(FileFault) -> Finding {
        _ = try folder.open(path + Self.index)
        return .answer(.redirect(rawPath: self.rawPath, query: self.query), content: [], rest: nil)
    }

    private func send(_ path: [UInt8], from folder: OpenFolder) throws(FileFault) -> Finding {
        let plain = try folder.open(path)
        let mediaType = MediaTypes.type(of: String(decoding: path, as: UTF8.self))
        for coding in self.wish.accepted.ranked {
            guard let file = try? folder.open(path + Array(coding.fileExtension.utf8)) else { continue }
            return self.send(file, FileRepresentation(state: file.state, mediaType: mediaType, coding: coding))
        }
        guard !self.wish.accepted.forbidsIdentity || self.isCompressedLater else {
            return .answer(.notAcceptable, content: [], rest: nil)
        }
        return self.send(plain, FileRepresentation(state: plain.state, mediaType: mediaType))
    }

    private func send(_ file: OpenFile, _ representation: FileRepresentation) -> Finding {
        let answer = FileAnswer(representation, for: self.wish, now: self.now, cacheControl: self.cacheControl)
        guard !answer.part.isEmpty else { return .answer(answer, content: [], rest: nil) }
        var rest = Rest(file: file, range: answer.part)
        guard let content = rest.next(self.pieceSize) else { return .failed(0) }
        // What is small is closed before it is sent.
        return .answer(answer, content: content, rest: rest.range.isEmpty ? nil : rest)
    }
}

extension ContentCoding {
    /// Of the file beside another that holds the same in this coding.
    package var fileExtension: String {
        switch self {
        case .brotli: ".br"
        case .zstandard: ".zst"
        case .gzip: ".gz"
        }
    }
}
