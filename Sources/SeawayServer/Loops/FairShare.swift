/// How much one of several who share something may have of it (protocol/INTERFACE.md, I36): a threshold that falls as
/// less is left, as switches have it for their buffers (Choudhury and Hahne, "Dynamic Queue Length Thresholds", 1998).
///
/// One alone gets three quarters of all, two get three sevenths each: something is always left for who holds little.
package enum FairShare {
    /// Of what is left, how many times as much one may hold.
    private static let factor = 3

    /// - Parameters:
    ///   - held: what one has, with what it has just taken.
    ///   - left: what nobody has now.
    /// - Returns: whether it may keep that.
    package static func allows(_ held: Int, left: Int) -> Bool {
        let (most, isMore) = max(0, left).multipliedReportingOverflow(by: self.factor)
        return isMore || held <= most
    }
}
