import ArgumentParser
import SeawayConsole
import SeawayMessage

/// The message that a command sends.
struct BodyOptions: ParsableArguments {
    /// Bytes of input that are read; no broker takes more (PROTOCOL.md, F6).
    private static let longest = 64 << 20

    @Argument(help: "The message, one JSON map; - or nothing: standard input.")
    var body: String?

    @Flag(help: "The body is text: send {\"text\": it}, without a line end behind it.")
    var text = false

    @Flag(help: "The body is bytes: send {\"bytes\": them}.")
    var bytes = false

    func validate() throws {
        guard !(self.text && self.bytes) else { throw ValidationError("--text and --bytes exclude each other.") }
    }

    private var form: BodyForm { self.text ? .text : self.bytes ? .bytes : .json }

    /// Reads the body, or ends the process with one clear line.
    func payload() throws -> Payload {
        do {
            let bytes =
                if let body = self.body, body != "-" {
                    Array(body.utf8)
                } else {
                    try StandardInput.readAll(limit: Self.longest)
                }
            return try self.form.payload(of: bytes)
        } catch {
            Process.say("seaway: \(error)")
            throw ExitCode.badData
        }
    }
}
