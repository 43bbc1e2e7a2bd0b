/// Where something is not as it is wanted, in words.
struct Differences<Configuration> {
    let wanted: Configuration
    let found: Configuration
    var texts: [String] = []

    mutating func compare<Item: Equatable>(_ what: String, _ key: KeyPath<Configuration, Item>) {
        let (wanted, found) = (self.wanted[keyPath: key], self.found[keyPath: key])
        if wanted != found { self.texts.append("\(what) is \(found), wanted is \(wanted)") }
    }
}
