import SeawayServer
import Testing

@Suite("Names that servers issue (I1, W1)") struct SealedNamesTests {
    private static let seal = NameSeal(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
    private static let names = SealedNames(stem: "http.response.k3f9x2ab!", seal: Self.seal)

    /// The first 12 bytes of SipHash-2-4-128 as its authors' program prints it, in base64url.
    @Test(arguments: [
        (0x0706_0504_0302_0100 as UInt64, "O2KpumJY9WEPg-Jk"), (1, "8nC0hPByqrwBZIjL"), (2, "Htn1GKZLU0tjnpBo"),
    ])
    func theSealIsThatOfTheFunction(number: UInt64, seal: String) {
        #expect(Self.names.name(of: number) == "http.response.k3f9x2ab!\(number).\(seal)")
    }

    @Test(arguments: [1, 9, 10, 999_999, 9_999_999_999_999_999_999] as [UInt64])
    func aNameLeadsToItsNumber(number: UInt64) {
        let name = Self.names.name(of: number)
        #expect(Self.names.number(of: name) == number)
        #expect(SealedNames(stem: Self.names.stem).number(of: name) == nil)
        #expect(SealedNames(stem: "http.response.other!", seal: Self.seal).number(of: name) == nil)
    }

    @Test func noOtherNameLeadsAnywhere() {
        let name = Array(Self.names.name(of: 17).utf8)
        for place in name.indices {
            for other in "A.!09zé-".utf8 where other != name[place] {
                var forged = name
                forged[place] = other
                #expect(Self.names.number(of: String(decoding: forged, as: UTF8.self)) == nil)
            }
            #expect(Self.names.number(of: String(decoding: name[..<place], as: UTF8.self)) == nil)
            #expect(
                Self.names.number(of: String(decoding: name[place...] + name[..<place], as: UTF8.self)) == nil
                    || place == 0)
        }
        let seal = String(decoding: name.suffix(17), as: UTF8.self)
        for digits in ["", "017", "+17", "17 ", "18", "1", "00000000000000000017", "99999999999999999999"] {
            #expect(Self.names.number(of: Self.names.stem + digits + seal) == nil)
        }
    }

    @Test func sealsAreOfKeysThatNobodyKnowsAndDoNotMeet() {
        let texts = (0..<2_000).map { _ in NameSeal().text(of: 1) } + (2..<2_002).map { Self.seal.text(of: $0) }
        #expect(Set(texts).count == 4_000)
        // No letter stands at a place much more often than others.
        for place in 0..<16 {
            let letters = texts.map { text in
                UInt8(truncatingIfNeeded: (place < 8 ? text.low : text.high) >> UInt64(8 * (place % 8)))
            }
            let counts = Dictionary(grouping: letters, by: \.self).mapValues(\.count)
            #expect(counts.count == 64 && counts.values.allSatisfy { (20...120).contains($0) })
        }
    }
}
