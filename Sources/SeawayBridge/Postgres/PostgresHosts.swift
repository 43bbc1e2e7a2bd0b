import CLibpq

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The servers of a connection string that names several.
///
/// libpq goes from one to the next by itself when one cannot be reached, but not when one takes the connection and says
/// nothing more.
package struct PostgresHosts: Sendable {
    /// Keywords and their values, one for each server.
    private let lists: [(keyword: String, values: [Substring])]

    /// - Parameter target: a connection string or URI, as libpq reads it, or the name of a database.
    package init(_ target: String) {
        var lists: [(keyword: String, values: [Substring])] = []
        if target.contains("=") || target.hasPrefix("postgres://") || target.hasPrefix("postgresql://"),
            let options = PQconninfoParse(target, nil)
        {
            defer { PQconninfoFree(options) }
            var next = options
            while let keyword = next.pointee.keyword {
                if let value = next.pointee.val, ["host", "hostaddr", "port"].contains(String(cString: keyword)) {
                    let values = String(cString: value).split(separator: ",", omittingEmptySubsequences: false)
                    lists.append((String(cString: keyword), values))
                }
                next += 1
            }
        }
        self.lists = lists.filter { $0.values.count > 1 }
    }

    /// The words that put another server first, to stand behind the connection string; none where there is one server.
    package func words(attempt: Int) -> [(keyword: String, value: String)] {
        self.lists.map { list in
            let first = attempt % list.values.count
            return (list.keyword, (list.values[first...] + list.values[..<first]).joined(separator: ","))
        }
    }
}
