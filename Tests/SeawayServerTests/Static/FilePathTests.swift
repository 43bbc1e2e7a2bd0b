import Foundation
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("What a path leads to (O2)") struct FilePathTests {
    @Test(arguments: [
        ("/a/style.css", "/a", FilePath.file(Array("style.css".utf8))),
        ("/a/b/c.js", "/a", .file(Array("b/c.js".utf8))), ("/c.js", "", .file(Array("c.js".utf8))),
        ("/", "", .folder([])), ("/a/", "/a", .folder([])), ("/a", "/a", .root),
        ("/a/b/", "/a", .folder(Array("b/".utf8))), ("/a/b%20c", "/a", .file(Array("b c".utf8))),
        ("/a/%C3%A9", "/a", .file([0xC3, 0xA9])), ("/a/%FF", "/a", .file([0xFF])),
        ("/a/%zz", "/a", .file(Array("%zz".utf8))),
        ("/.well-known/x", "", .file(Array(".well-known/x".utf8))), ("/a/b..c", "/a", .file(Array("b..c".utf8))),
        ("/a/b/x", "/a/b", .file(Array("x".utf8))),
        ("/a/\(String(repeating: "x", count: 255))", "/a", .file(Array(repeating: 0x78, count: 255))),
        ("/a/%252e%252e/x", "/a", .file(Array("%2e%2e/x".utf8))), ("/a/..%5cx", "/a", nil),
        ("/a/b\\..\\c", "/a", .file(Array("b\\..\\c".utf8))),
    ])
    func whatIsAFileIsFound(rawPath: String, prefix: String, path: FilePath?) {
        #expect(FilePath(rawPath: rawPath[...], prefix: prefix) == path)
    }

    @Test(arguments: [
        "/a/../secret", "/a/..", "/a/../", "/a/.", "/a/./x", "/a/%2e%2e/secret", "/a/.%2e/secret", "/a/%2E./secret",
        "/a/%2e", "/a/..%2fsecret", "/a/%2fetc/passwd", "/a/b%2fc", "/a/%2f", "/a/x%00", "/a/x%00.css", "/a//x", "/a//",
        "/a/b//c", "/a/.git/config", "/a/.env", "/a/b/.htpasswd", "/a/.well-known2", "/a/%2egit/config", "/a/...",
        "/a/\(String(repeating: "x", count: 256))", "/a/\(String(repeating: "x/", count: 3_000))", "*", "", "a/x",
        "/a%2f../x",
    ])
    func whatIsNoFileIsNotEvenLookedFor(rawPath: String) {
        #expect(FilePath(rawPath: rawPath[...], prefix: "/a") == nil)
    }

    @Test func noPathIsAWayOut() {
        var random = SeededGenerator(seed: 7)
        let parts = [
            "..", ".", "/", "//", "%2e", "%2E", "%2f", "%2F", "%5c", "%00", "%25", "a", "b.css", "%", "%2", "\\", "~",
            "%c0%ae", "%ff", ".well-known", ":",
        ]
        var found = 0
        for _ in 0..<50_000 {
            let rawPath =
                "/a/"
                + (0..<Int.random(in: 1...8, using: &random)).map { _ in
                    parts[Int.random(in: 0..<parts.count, using: &random)]
                }.joined()
            let bytes: [UInt8]
            switch FilePath(rawPath: rawPath[...], prefix: "/a") {
            case .file(let path), .folder(let path): bytes = path
            case .root, nil: continue
            }
            found += 1
            #expect(!bytes.contains(0) && bytes.first != UInt8(ascii: "/"))
            let names = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            // A folder ends in a slash, and so in an empty name.
            for (index, name) in names.enumerated() where !(index == names.count - 1 && name.isEmpty) {
                #expect(
                    !name.isEmpty && !(name.first == UInt8(ascii: ".") && !name.elementsEqual(".well-known".utf8)),
                    "\(rawPath)")
            }
        }
        #expect(found > 1_000)
    }
}

@Suite("What is opened (O2)", .timeLimit(.minutes(1))) struct OpenFileTests {
    static func folder() throws -> FileFolder {
        let folder = try FileFolder(["a.css": "inside", "sub/b.css": "below"])
        try folder.link("out", to: "../secret")
        try folder.link("sub/out", to: "../../secret")
        try folder.link("absolute", to: folder.url.appending(path: "a.css").path)
        try folder.link("passwd", to: "/etc/passwd")
        try folder.link("parent", to: "..")
        try folder.link("root", to: "/")
        try folder.link("circle", to: "circle")
        try folder.link("dangling", to: "nothing")
        try folder.link("near", to: "sub/b.css")
        try folder.link("sub/up", to: "../a.css")
        try folder.link("folder", to: "sub")
        return folder
    }

    static func read(_ path: String, _ folder: FileFolder, links: Bool = true) throws(FileFault) -> String {
        let file = try OpenFolder(folder.path, followsLinks: links).open(Array(path.utf8))
        return String(decoding: file.read(0..<file.state.size) ?? [], as: UTF8.self)
    }

    @Test(arguments: [
        ("a.css", "inside"), ("sub/b.css", "below"), ("near", "below"), ("sub/up", "inside"), ("folder/b.css", "below"),
    ])
    func linksAreFollowedWithinTheFolder(path: String, content: String) throws {
        #expect(try Self.read(path, Self.folder()) == content)
    }

    @Test(arguments: [
        "out", "sub/out", "absolute", "passwd", "parent/secret", "root/etc/passwd", "circle", "dangling", "../secret",
        "sub/../../secret",
        "/etc/passwd", "nothing", "a.css/x", "",
    ])
    func nothingOutsideIsOpened(path: String) throws {
        let folder = try Self.folder()
        for links in [true, false] { #expect(throws: FileFault.missing) { try Self.read(path, folder, links: links) } }
    }

    @Test func withoutTheCallNoLinkIsFollowed() throws {
        let folder = try Self.folder()
        #expect(try Self.read("sub/b.css", folder, links: false) == "below")
        for path in ["near", "sub/up", "folder/b.css", "parent/site/a.css", "sub/../a.css"] {
            #expect(throws: FileFault.missing) { try Self.read(path, folder, links: false) }
        }
    }

    @Test func foldersAndOtherThingsAreNoFiles() throws {
        let folder = try Self.folder()
        try #require(mkfifo(folder.url.appending(path: "fifo").path, 0o600) == 0)
        try folder.link("device", to: "/dev/zero")
        for links in [true, false] {
            #expect(throws: FileFault.isFolder) { try Self.read("sub", folder, links: links) }
            // It would block for good.
            #expect(throws: FileFault.missing) { try Self.read("fifo", folder, links: links) }
            #expect(throws: FileFault.missing) { try Self.read("device", folder, links: links) }
        }
        #expect(throws: FileFault.missing) { try OpenFolder(folder.path + "/a.css") }
    }

    @Test func noRandomPathReadsTheSecret() throws {
        let folder = try Self.folder()
        var random = SeededGenerator(seed: 11)
        let names = [
            "..", ".", "sub", "out", "parent", "root", "folder", "up", "near", "site", "secret", "a.css", "b.css",
            "tmp", "",
        ]
        var read = 0
        for _ in 0..<20_000 {
            let path = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                names[Int.random(in: 0..<names.count, using: &random)]
            }.joined(separator: "/")
            guard let content = try? Self.read(path, folder, links: Bool.random(using: &random)) else { continue }
            read += 1
            #expect(content == "inside" || content == "below", "\(path)")
        }
        #expect(read > 100)
    }

    @Test func aFileThatBecomesShorterIsNotReadToItsEnd() throws {
        let folder = try FileFolder(["x": "0123456789"])
        let file = try OpenFolder(folder.path).open(Array("x".utf8))
        #expect(file.read(3..<6) == Array("345".utf8))
        #expect(file.read(8..<12) == nil)
        // Written anew in another file, the old one is still read.
        try folder.write("x", Array("other".utf8))
        #expect(file.read(0..<10) == nil || file.read(0..<10) == Array("0123456789".utf8))
    }
}
