import SeawayNIO
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct AcceptTroubleTests {
    @Test func onlyAShortageIsAReasonToPause() {
        #expect([EMFILE, ENFILE, ENOBUFS, ENOMEM].allSatisfy { AcceptTrouble.isShortage($0) })
        #expect(![ECONNABORTED, EPERM, EINTR, EPROTO].contains { AcceptTrouble.isShortage($0) })
    }

    @Test func troubleIsSaidOnceUntilItIsOver() {
        var trouble = AcceptTrouble()
        let calm = trouble.accepted(at: 0)
        let said = [1_000, 2_000].map { trouble.failed(at: $0) }
        // One place became free, and was taken: that is not the end of it.
        let between = trouble.accepted(at: 2_500)
        let again = trouble.failed(at: 3_000)
        let over = trouble.accepted(at: 3_000 + AcceptTrouble.quiet)
        let later = trouble.accepted(at: 20_000)
        let anew = trouble.failed(at: 21_000)
        #expect(calm == nil && between == nil && later == nil)
        #expect(said == [true, false] && !again && anew)
        #expect(over == 3)
    }

    @Test func theAdviceNamesWhatToRaise() {
        #expect(AcceptTrouble.advice(EMFILE).contains("ulimit -n"))
        #expect(AcceptTrouble.advice(ENFILE).contains("fs.file-max"))
    }
}

@Suite("The last descriptors are kept back") struct DescriptorReserveTests {
    @Test(arguments: [(64, 48), (20, 15), (1_024, 1_008), (1_048_576, 1_048_560)])
    func aQuarterAndAtMostSixteenAreKept(limit: Int, first: Int) {
        let reserve = DescriptorReserve(limit: limit)
        #expect(reserve.first == first)
        #expect(!reserve.begins(at: CInt(first - 1)))
        #expect(reserve.begins(at: CInt(first)))
    }

    @Test func whatIsLeftIsAskedOfTheSystem() {
        #expect(!DescriptorReserve().isAllThatIsLeft)
        // As with a limit of so few that all but the reserve are taken.
        #expect(DescriptorReserve(limit: 1).isAllThatIsLeft)
    }
}
