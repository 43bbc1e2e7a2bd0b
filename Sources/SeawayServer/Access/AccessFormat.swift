import SeawayLog

/// How the lines of the access log are written (protocol/INTERFACE.md, I80).
///
/// None of them can be forged by what a client sends: control characters, C1 controls and separators of lines are
/// written as escapes, quotes and backslashes too, and a text is cut behind ``SeawayLog/LogText/longest`` bytes.
package enum AccessFormat: String, Sendable, CaseIterable {
    /// As Apache's and nginx's, with more fields behind it as `name=value`.
    case combined
    /// One JSON object in each line.
    case json
    /// `name=value`, with one space between two.
    case logfmt

    /// - Returns: the line without its end.
    package func line(_ record: AccessRecord) -> String {
        switch self {
        case .combined: Self.combined(record)
        case .json: Self.json(record)
        case .logfmt: "time=\(record.time.rfc3339) " + Self.pairs(record.fields)
        }
    }

    private static func json(_ record: AccessRecord) -> String {
        var line = JSONLine()
        line.add("time", record.time.rfc3339)
        for (name, value) in record.fields {
            switch value {
            case .text(let text): line.add(name, text)
            case .number(let digits): line.add(name, json: digits)
            }
        }
        return line.object
    }

    private static func pairs(_ fields: [(name: String, value: AccessRecord.Value)]) -> String {
        fields.map { name, value in
            switch value {
            case .text(let text): "\(name)=\(Self.isBare(text) ? text : JSONLine.quoted(text))"
            case .number(let digits): "\(name)=\(digits)"
            }
        }.joined(separator: " ")
    }

    /// Whether a value of logfmt needs no quotes.
    private static func isBare(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= LogText.longest
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                    && $0 != UInt8(ascii: "\\")
            }
    }

    /// `client - - [time] "request line" status bytes "referer" "user agent"`, then the rest.
    private static func combined(_ record: AccessRecord) -> String {
        var request = "-"
        if let method = record.method, let target = record.target {
            let version = record.version.map { $0 == "2" ? "2.0" : $0 } ?? "1.1"
            request = "\(method) \(target) HTTP/\(version)"
        }
        let status = record.status == 0 ? "000" : String(record.status)
        var rest: [(name: String, value: AccessRecord.Value)] = []
        if let host = record.host { rest.append(("host", .text(host))) }
        rest.append(("ms", .number(AccessRecord.milliseconds(record.microseconds))))
        rest += record.origins
        if let cut = record.cut { rest.append(("cut", .text(cut))) }
        return
            "\(record.client ?? "-") - - [\(record.time.commonLog)] \(Self.quoted(request)) \(status) \(record.bytes)"
            + " \(Self.quoted(record.referer ?? "-")) \(Self.quoted(record.userAgent ?? "-")) " + Self.pairs(rest)
    }

    /// With `\` before quotes and backslashes, as Apache has it.
    private static func quoted(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
        return "\"\(LogText.escaped(escaped))\""
    }
}
