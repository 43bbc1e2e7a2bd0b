/// A map from strings to values that keeps the order of its keys.
///
/// Meant for the few keys of a message: a look-up is linear. Two messages are equal when they hold equal values under
/// the same keys in the same order.
public struct Message: Hashable, Sendable {
    private struct Field: Hashable, Sendable {
        let key: String
        var value: Value
    }
    private var fields: [Field] = []

    public init() {}

    /// Takes the pairs in order; of a key that stands twice the last value, in the place of the first.
    ///
    /// - Complexity: O(number of pairs), also where a peer has chosen them.
    public init(_ pairs: some Collection<(String, Value)>) {
        guard pairs.count > 16 else {
            for (key, value) in pairs { self[key] = value }
            return
        }
        var places: [String: Int] = [:]
        for (key, value) in pairs {
            if let place = places.updateValue(self.fields.count, forKey: key) {
                self.fields[place].value = value
                places[key] = place
            } else {
                self.fields.append(Field(key: key, value: value))
            }
        }
    }

    public var count: Int { self.fields.count }
    public var isEmpty: Bool { self.fields.isEmpty }
    public var keys: [String] { self.fields.map(\.key) }

    /// The value of a key; a new key goes to the end, and assigning `nil` takes a key away (a null in a message is
    /// `.null`).
    public subscript(key: String) -> Value? {
        get { self.fields.first { $0.key == key }?.value }
        set {
            let place = self.fields.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): self.fields[place].value = value
            case (let place?, nil): self.fields.remove(at: place)
            case (nil, let value?): self.fields.append(Field(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension Message: Sequence {
    public func makeIterator() -> AnyIterator<(key: String, value: Value)> {
        var fields = self.fields.makeIterator()
        return AnyIterator { fields.next().map { (key: $0.key, value: $0.value) } }
    }

    public var underestimatedCount: Int { self.count }
}

extension Message: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}

extension Message: CustomStringConvertible {
    /// The message in JSON.
    public var description: String { self.json }
}
