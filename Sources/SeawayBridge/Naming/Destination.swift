/// Where a bridge puts a message: a group or a channel with a legal name.
package enum Destination: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable { case group, channel }

    case group(String)
    case channel(String)

    package var name: String {
        switch self {
        case .group(let name), .channel(let name): name
        }
    }

    package var description: String {
        switch self {
        case .group(let name): "group \(name)"
        case .channel(let name): "channel \(name)"
        }
    }
}

/// Says for each name of a source (a topic, a subject, a path) where its messages go.
///
/// - SeeAlso: protocol/BRIDGES.md, B1 to B6.
package struct DestinationRule: Hashable, Sendable {
    package let kind: Destination.Kind
    package let template: NameTemplate
    package let illegal: NameTemplate.Illegal

    /// - Throws: ``NameTemplate/Malformed``
    package init(_ kind: Destination.Kind, _ template: String, illegal: NameTemplate.Illegal) throws {
        self.kind = kind
        self.template = try NameTemplate(template, for: kind)
        self.illegal = illegal
    }

    /// - Throws: ``NameTemplate/Refusal`` when no legal name comes of it.
    package func destination(for source: [UInt8]) throws(NameTemplate.Refusal) -> Destination {
        let name = try self.template.name(for: source, illegal: self.illegal)
        return switch self.kind {
        case .group: .group(name)
        case .channel: .channel(name)
        }
    }
}
