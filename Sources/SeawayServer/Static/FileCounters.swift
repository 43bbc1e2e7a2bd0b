/// What has become of requests for files since the server's start.
package struct FileCounters: Hashable, Sendable {
    /// Answers, by the first digit of their status.
    package var successes = 0
    package var redirections = 0
    package var clientErrors = 0
    package var serverErrors = 0
    /// Bytes of files that were passed on.
    package var bytes = 0
    /// Being looked for, read or sent now.
    package var open = 0
    /// Requests for what is no file, which went to workers.
    package var fellThrough = 0
    /// 503: too many files, or no descriptor for another.
    package var noRoom = 0
    /// Files that could not be read, or not to their end.
    package var failed = 0
    /// Answers whose client left, took nothing, or was cut off before they were whole.
    package var cut = 0

    mutating func count(status: Int) {
        switch status {
        case ..<300: self.successes += 1
        case ..<400: self.redirections += 1
        case ..<500: self.clientErrors += 1
        default: self.serverErrors += 1
        }
    }
}
