import BrokerSupport
import TestSupport
import Testing

/// Every transcript of the protocol's pages is held with the real broker over real sockets.
///
/// What runs where: the transcripts here; the session and delivery vectors on real sockets in
/// `SeawayBrokerTests/SocketScenarioTests` (but for those in which a client stops reading), all of them in memory, cut
/// in three ways, in `SeawayBrokerTests/ScenarioVectorTests`.
@Suite(.timeLimit(.minutes(1))) struct TranscriptTests {
    @Test(arguments: try Transcript.all() + Transcript.byHand(), RunningBroker.Place.allCases)
    func theBrokerSaysWhatThePageShows(transcript: Transcript, place: RunningBroker.Place) async throws {
        try await RunningBroker.run(at: place.free) { broker in
            let client = try await broker.connect()
            var tags = DeliveryTags()
            for line in transcript.lines {
                switch line {
                case .client(let text): try await client.send(tags.reveal(Array("\(text)\n".utf8)))
                case .server(let expected):
                    let came = Array(try await client.line().utf8)
                    let said = String(decoding: tags.translate(came, by: Array(expected.utf8)), as: UTF8.self)
                    #expect(Transcript.Line.matches(said, expected), "expected '\(expected)', got '\(said)'")
                }
            }
            try await client.finish()
            #expect(try await client.rest().isEmpty)
        }
    }

    /// Counted by another way than they are read by: a transcript that is not run would be a promise that nobody keeps.
    @Test func everyTranscriptIsRun() throws {
        let shown = try Transcript.pages.flatMap { try Transcript.text(of: $0).split(separator: "\n") }
        let run = try Transcript.all().flatMap(\.lines)
        let sent = run.count { if case .client = $0 { true } else { false } }
        #expect(sent == shown.count { $0.hasPrefix("C:") })
        #expect(run.count - sent == shown.count { $0.hasPrefix("S:") })
        #expect(sent > 40)
        #expect(try Transcript.byHand().map(\.page) == ["protocol/PROTOCOL.md", "README.md"])
    }

    @Test(arguments: [
        ("OK", "OK", true), ("OK", "OK state=fresh", false), ("OK state=fresh", "OK", false),
        ("ERR away nobody listens", "ERR away …", true), ("ERR away", "ERR away …", true),
        ("ERR full by=messages", "ERR away …", false),
        ("HELLO 1 id=7 epoch=abc features=a,b max-body=9", "HELLO 1 id=… epoch=… features=…", true),
        ("HELLO 1 id=7 features=a,b", "HELLO 1 id=… epoch=… features=…", false),
        ("BYE shutdown in=10000", "BYE shutdown in=…", true), ("BYE idle", "BYE shutdown in=…", false),
    ])
    func anEllipsisStandsForWhatThePageSays(line: String, expected: String, matches: Bool) {
        #expect(Transcript.Line.matches(line, expected) == matches)
    }
}
