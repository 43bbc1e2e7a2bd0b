package import SeawayWire

/// Objects in the order of the bytes of their names, so that a page of them costs what stands on it.
///
/// Runs of some hundred, each in order: what comes and goes moves the rest of one run. A tree would be better in
/// theory.
package struct NameOrder<Element: Named> {
    private static var longestRun: Int { 512 }

    /// None is empty.
    private var runs: [[Element]] = []

    package init() {}

    /// Adds an element whose name is not there yet.
    package mutating func insert(_ element: Element) {
        guard !self.runs.isEmpty else {
            self.runs = [[element]]
            return
        }
        let run = min(self.run(of: element.name), self.runs.count - 1)
        self.runs[run].insert(element, at: Self.place(of: element.name, in: self.runs[run]))
        guard self.runs[run].count > Self.longestRun else { return }
        let rest = Array(self.runs[run][(Self.longestRun / 2)...])
        self.runs[run].removeLast(rest.count)
        self.runs.insert(rest, at: run + 1)
    }

    /// Passes over an element that is not there.
    package mutating func remove(_ element: Element) {
        let run = self.run(of: element.name)
        guard run < self.runs.count else { return }
        let place = Self.place(of: element.name, in: self.runs[run])
        guard place < self.runs[run].count, self.runs[run][place] === element else { return }
        self.runs[run].remove(at: place)
        if self.runs[run].isEmpty { self.runs.remove(at: run) }
    }

    /// The elements behind a name, or from the first on, as many as are asked for.
    ///
    /// - Complexity: O(log n + `most`).
    package func elements(after name: Name?, most: Int) -> [Element] {
        var found: [Element] = []
        self.forEach(after: name) { element in
            guard found.count < most else { return false }
            found.append(element)
            return true
        }
        return found
    }

    /// Calls `body` with each element behind a name, or from the first on, until that is enough.
    ///
    /// - Parameter body: says whether to go on.
    func forEach(after name: Name? = nil, _ body: (Element) -> Bool) {
        var run = name.map { self.run(of: $0) } ?? 0
        guard run < self.runs.count else { return }
        var place = 0
        if let name {
            place = Self.place(of: name, in: self.runs[run])
            if place < self.runs[run].count, self.runs[run][place].name == name { place += 1 }
        }
        while run < self.runs.count {
            while place < self.runs[run].count {
                guard body(self.runs[run][place]) else { return }
                place += 1
            }
            run += 1
            place = 0
        }
    }

    /// The first run that ends with this name or one behind it.
    private func run(of name: Name) -> Int {
        Self.search(self.runs.count) { index in
            guard let last = self.runs[index].last else { return false }
            return last.name < name
        }
    }

    /// Where the name stands in a run, or would.
    private static func place(of name: Name, in run: [Element]) -> Int {
        Self.search(run.count) { run[$0].name < name }
    }

    /// How many of `count` come first, all of which come first side by side.
    @inline(__always)
    private static func search(_ count: Int, comesFirst: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if comesFirst(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
