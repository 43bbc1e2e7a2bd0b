import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite struct StreamTests {
    @Test func piecesCarryTheirOffsets() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream(status: 202, headers: [("x-a", "b")]) { writer in
                    for word in ["one ", "two ", "three"] { try await writer.write(word) }
                }
            }
        } talk: { _ in
            layer.request(1, "/")
            let first = try await layer.nextSent()
            #expect(first.status == 202)
            #expect(first.header("x-a") == "b")
            #expect(first.content == "one ")
            #expect(first.message["more_content"] == true)
            for (content, offset, more) in [("two ", 4, true), ("three", 8, true), ("", 13, false)] {
                let piece = try await layer.nextSent()
                #expect(piece.content == content)
                #expect(piece.message["offset"] == .int(Int64(offset)))
                #expect(piece.message["more_content"] == .bool(more))
                #expect(piece.message["status"] == nil)
                #expect(piece.ifHeard)
            }
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func noPieceLeavesBeforeTheOneBeforeItWasAnswered() async throws {
        let layer = FakeLayer { _, _ in nil }
        let asked = Inbox<String>()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream { writer in
                    for word in ["one", "two"] {
                        asked.put(word)
                        try await writer.write(word)
                    }
                }
            }
        } talk: { _ in
            layer.request(1, "/")
            for word in ["one", "two"] {
                #expect(await asked.next() == word)
                try #require(try await layer.nextSent().content == word)
                layer.answerHeld(.done)
            }
            #expect(try await layer.nextSent().message["more_content"] == false)
            layer.answerHeld(.done)
        }
    }

    @Test(arguments: [SendAnswer.refused(Refusal(code: "full")), .refused(Refusal(code: "away")), .unknown])
    func aPieceThatMayNotHaveArrivedIsSentAgain(answer: SendAnswer) async throws {
        let layer = FakeLayer { number, _ in (1...2).contains(number) ? answer : .done }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream { writer in
                    try await writer.write("one")
                    try await writer.write("two")
                }
            }
        } talk: { _ in
            layer.request(1, "/")
            var contents: [String?] = []
            for _ in 0..<5 { contents.append(try await layer.nextSent().content) }
            #expect(contents == ["one", "two", "two", "two", ""])
        }
    }

    /// A second first piece would break the answer off, so nothing is sent again.
    @Test func aFirstPieceOfUnknownFateBreaksTheAnswerOff() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .unknown : .done }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in .stream { try await $0.write("one") } }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 200)
            #expect(try await layer.nextSent().status == 500)
        }
    }

    @Test func aStreamThatFailsIsNotTakenForWhole() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream { writer in
                    try await writer.write("one")
                    throw AnswerTests.Oops()
                }
            }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().message["more_content"] == true)
            #expect(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aStreamEndsQuietlyWhenNobodyReadsIt() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .done : .refused(Refusal(code: "gone")) }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream { writer in while true { try await writer.write("tick\n") } }
            }
        } talk: { _ in
            layer.request(1, "/")
            for _ in 0..<2 { try #require(try await layer.nextSent().content == "tick\n") }
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aStreamWithoutPiecesIsAnEmptyAnswer() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in .stream(status: 299) { _ in } }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 299)
            #expect(try await layer.nextSent().message["more_content"] == false)
        }
    }

    @Test func aLargeBodyLeavesInPieces() async throws {
        let layer = FakeLayer()
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in HTTPResponse(content: body) }
        } talk: { _ in
            layer.request(1, "/")
            var received: [UInt8] = []
            var messages = 0
            while true {
                let piece = try await layer.nextSent().message
                #expect(messages == 0 || piece["offset"]?.int == Int64(received.count))
                received += piece["content"]?.bytes ?? []
                messages += 1
                if piece["more_content"]?.bool != true { break }
            }
            #expect(received == body)
            #expect(messages == 6)
        }
    }
}
