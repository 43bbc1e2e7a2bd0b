/// What a channel is told of a group that it watches (T3): everybody who is in it, or who has come and gone since.
///
/// The whole comes first, and again whenever something was lost on the way to the channel.
public struct GroupNews: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// The members by their names, 1,000 at most; `next` is where a `MEMBERS` page goes on when there are more.
        case whole(members: [String], next: String?)
        /// Those who have come and those who have gone since the message before, by their names.
        case change(joined: [String], left: [String])
    }

    public let group: String
    /// How many members the group has with this. Who keeps a list of them and finds another number has missed a
    /// message: watch again.
    public let count: Int
    public let content: Content

    /// nil when the message tells of no group.
    public init?(_ message: Message) {
        guard let group = message["group"]?.string, let count = message["count"]?.int.flatMap({ Int(exactly: $0) })
        else { return nil }
        self.group = group
        self.count = count
        if let members = message["members"]?.strings {
            self.content = .whole(members: members, next: message["next"]?.string)
        } else if let joined = message["joined"]?.strings, let left = message["left"]?.strings {
            self.content = .change(joined: joined, left: left)
        } else {
            return nil
        }
    }
}

extension Value {
    /// A list of strings alone.
    fileprivate var strings: [String]? {
        guard let list = self.list else { return nil }
        let strings = list.compactMap(\.string)
        return strings.count == list.count ? strings : nil
    }
}
