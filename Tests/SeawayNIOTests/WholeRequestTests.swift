import NIOCore
import NIOHTTP1
import SeawayNIO
import Testing

@Suite("A request that is read whole") struct WholeRequestTests {
    private typealias Request = WholeRequest<String, Int>

    private func head(_ version: HTTPVersion, _ fields: [(String, String)] = []) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(fields))
    }

    @Test(arguments: [
        (HTTPVersion.http1_1, nil as String?, true), (.http1_1, " Close ", false),
        (.http1_1, "keep-alive, close", false),
        (.http1_0, nil, false), (.http1_0, "keep-alive", true),
    ])
    func anotherFollowsWhereTheClientWantsIt(version: HTTPVersion, connection: String?, follows: Bool) {
        var request = Request()
        _ = request.begin(self.head(version, connection.map { [("Connection", $0)] } ?? []))
        #expect(request.keepsAlive == follows && request.isHTTP10 == (version == .http1_0))
    }

    @Test func onlyHTTP11WaitsToBeToldToGoOn() {
        var request = Request()
        for (version, waits) in [(HTTPVersion.http1_1, true), (.http1_0, false)] {
            let head = request.begin(self.head(version, [("Expect", " 100-Continue\t")]))
            #expect(request.awaitsGo == waits && head.headers["expect"] == ["100-Continue"])
        }
    }

    @Test func aBodyIsTakenWithinItsBoundAndThatOfAllTogether() {
        var request = Request()
        #expect(request.add(ByteBuffer(string: "abc"), most: 9, left: 9) == .dropped)
        request.read("jobs")
        #expect(request.add(ByteBuffer(string: "abc"), most: 5, left: 9) == .taken)
        #expect(request.add(ByteBuffer(string: "def"), most: 5, left: 9) == .tooLarge)
        #expect(request.add(ByteBuffer(string: "de"), most: 5, left: 1) == .full)
        #expect(request.add(ByteBuffer(string: "de"), most: 5, left: 2) == .taken)
        #expect(request.answer() == Array("abcde".utf8) && request.isAnswering)
        #expect(request.end() == 0 && request.isIdle)
        // The next has a body of its own.
        request.read("jobs")
        #expect(request.add(ByteBuffer(string: "x"), most: 5, left: 9) == .taken)
        #expect(request.answer() == [UInt8(ascii: "x")])
    }

    @Test func whatIsAnsweredBeforeItHasComeWholeIsHeldNoMore() {
        var request = Request()
        request.read("jobs")
        _ = request.add(ByteBuffer(string: "abc"), most: 5, left: 9)
        #expect(request.end() == 3 && request.isIdle)
        #expect(request.add(ByteBuffer(string: "de"), most: 5, left: 9) == .dropped)
    }

    @Test func whatIsRefusedOrGoneIsHeldNoMore() {
        var request = Request()
        request.read("jobs")
        _ = request.add(ByteBuffer(string: "abc"), most: 5, left: 9)
        #expect(request.refuse(413) == 3)
        guard case .refusing(413) = request.state else { return #expect(Bool(false)) }
        // The rest of it is thrown away.
        #expect(request.add(ByteBuffer(string: "de"), most: 5, left: 9) == .dropped)
        request.read("jobs")
        _ = request.add(ByteBuffer(string: "ab"), most: 5, left: 9)
        #expect(request.close() == 2 && request.close() == 0)
    }
}
