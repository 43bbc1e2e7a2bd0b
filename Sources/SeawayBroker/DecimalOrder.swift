import SeawayHub
import SeawayWire

/// The numbers below a limit in the order of their decimal texts: 0, 1, 10, 100, 101 …, 2, 20 …
struct DecimalOrder: Sequence, IteratorProtocol {
    private let limit: Int
    private var upcoming: Int?

    /// - Parameter number: the one before the first, any; `nil` to begin with 0.
    init(below limit: Int, after number: Int? = nil) {
        self.limit = limit
        self.upcoming = number.map { Self.successor(of: $0, limit) } ?? (limit > 0 ? 0 : nil)
    }

    mutating func next() -> Int? {
        guard let number = self.upcoming else { return nil }
        self.upcoming = Self.successor(of: number, self.limit)
        return number
    }

    private static func successor(of number: Int, _ limit: Int) -> Int? {
        if number == 0 { return limit > 1 ? 1 : nil }
        let (longer, isTooLong) = number.multipliedReportingOverflow(by: 10)
        if !isTooLong, longer < limit { return longer }
        // Up, as long as there is no next beside it.
        var number = number
        while number > 0 {
            if number % 10 < 9, number + 1 < limit { return number + 1 }
            number /= 10
        }
        return nil
    }
}

extension BrokerCore {
    /// Those who take part, in the order of their numbers' texts.
    ///
    /// - Parameter text: as `after` of `STATS`.
    /// - Complexity: O(`most`) and the free numbers between, when the text is a number.
    func endpoints(after text: String?, most: Int) -> Hub.Page<any Endpoint> {
        let digits = Array((text ?? "").utf8)
        let number = Decimal.parse(digits.span, upTo: .max / 10)
        let after = text.map { Name(checked: Array($0.utf8)) }
        var found: [any Endpoint] = []
        for id in DecimalOrder(below: self.mostEndpoints, after: number) {
            guard found.count <= most else { break }
            self.hub.work += Work.look / 8
            if let after, number == nil, !(after < Name(checked: Array("\(id)".utf8))) { continue }
            if let endpoint = self.endpoint(id) { found.append(endpoint) }
        }
        return Hub.Page(found, most: most) { $0 }
    }
}
