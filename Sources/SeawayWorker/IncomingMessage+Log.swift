import Logging
import SeawayMessage

extension IncomingMessage {
    /// What a line about it names.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["channel": "\(self.channel)"]
        if let method = self.envelope.method { metadata["method"] = "\(method)" }
        if let path = self.envelope.path { metadata["path"] = "\(path)" }
        if let requestID = self["request_id"]?.string { metadata["request_id"] = "\(requestID)" }
        return metadata
    }
}
