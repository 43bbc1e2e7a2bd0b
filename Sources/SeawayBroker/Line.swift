/// First in, first out.
struct Line<Element> {
    private var elements: [Element?] = []
    private var first = 0

    var count: Int { self.elements.count - self.first }

    mutating func append(_ element: Element) { self.elements.append(element) }

    mutating func popFirst() -> Element? {
        guard self.first < self.elements.count else { return nil }
        let element = self.elements[self.first]
        self.elements[self.first] = nil
        self.first += 1
        // What has left is let go of now and then, so that a line that never ends takes no more than its length.
        if self.first * 2 >= self.elements.count {
            self.elements.removeFirst(self.first)
            self.first = 0
        }
        return element
    }
}
