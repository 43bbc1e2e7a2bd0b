import ArgumentParser

/// Methods with commas between, or `none`.
struct RetryOption: CheckedArgument, CustomStringConvertible {
    let methods: [String]

    init() { self.methods = ["GET", "HEAD", "OPTIONS"] }

    init(checking argument: String) throws {
        guard argument != "none" else {
            self.methods = []
            return
        }
        self.methods = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard self.methods.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { capitals.contains($0) || $0 == 0x2D } })
        else {
            throw ValidationError("methods stand in capitals with commas between, such as GET,HEAD,PUT; or none.")
        }
    }

    var description: String { self.methods.isEmpty ? "none" : self.methods.joined(separator: ",") }
}
