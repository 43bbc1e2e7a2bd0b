import AsyncHTTPClient
package import Logging
package import NIOCore
import NIOHTTP1
package import SeawayMessage
import SeawayNIO
import Synchronization
import SystemPackage

/// Posts messages to a URL, and again where that may help (BRIDGES.md, B23 to B25).
package final class WebhookSender: Sendable {
    /// What is read of an answer's body, so that its connection can be used again.
    private static let maxAnswer = 64 << 10

    private let configuration: WebhookConfiguration
    private let client: HTTPClient
    private let tally: BridgeTally
    private let absence: Mutex<ServiceAbsence>
    /// Makes the keys of this sender differ from those of others.
    private let run = String(UInt64.random(in: .min ... .max), radix: 36)
    private let posted = Mutex(0)

    package init(
        _ configuration: WebhookConfiguration, eventLoop: any EventLoop, tally: BridgeTally, logger: Logger
    ) {
        self.configuration = configuration
        self.client = HTTPClient(eventLoopGroup: eventLoop, configuration: configuration.client)
        self.tally = tally
        self.absence = Mutex(ServiceAbsence(of: configuration.receiver, logger: logger))
    }

    /// Returns when the receiver has it, or it is given up, or the task was cancelled.
    package func post(_ payload: Payload) async {
        let request = self.request(for: payload.json)
        await self.post(by: { await self.attempt(request) })
    }

    /// The same with other attempts.
    package func post(by attempt: () async -> WebhookAttempts.Outcome) async {
        var attempts = WebhookAttempts(most: self.configuration.attempts)
        while !Task.isCancelled {
            let outcome = await attempt()
            // An answer counts, also one that comes just when the time to drain ends; that there is none then says
            // nothing.
            switch attempts.step(after: outcome, jitter: .random(in: 0...1)) {
            case .handedOn:
                self.tell(outcome)
                return self.tally.count { $0.handedOn += 1 }
            case .giveUp(let reason):
                guard outcome.isAnswer || !Task.isCancelled else { break }
                self.tell(outcome)
                return self.tally.drop(.service, "\(self.configuration.receiver): \(reason)")
            case .again(let wait):
                guard !Task.isCancelled else { break }
                self.tell(outcome)
                self.tally.count { $0.retried += 1 }
                // A wait that is cut short ends the loop.
                try? await Task.sleep(for: wait)
            }
        }
        self.tally.drop(.shutdown, self.configuration.receiver)
    }

    /// To be called when nothing is posted any more.
    package func shutdown() async throws {
        // A connection that is being made is waited for; that may take as long as an answer.
        _ = try await abandoning(after: .zero) { [client] in
            try await client.shutdown()
        } when: {
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func request(for body: [UInt8]) -> HTTPClientRequest {
        let number = self.posted.withLock { number in
            number += 1
            return number
        }
        var request = HTTPClientRequest(url: self.configuration.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "seaway")
        request.headers.add(name: "idempotency-key", value: "\"\(self.run)-\(number)\"")
        if let token = self.configuration.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let signature = self.configuration.signature {
            request.headers.add(name: signature.field, value: signature.signature(of: body))
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    private func attempt(_ request: HTTPClientRequest) async -> WebhookAttempts.Outcome {
        do {
            let response = try await self.client.execute(request, timeout: .init(self.configuration.timeout * 2))
            // What is longer is cut off with its connection.
            _ = try? await response.body.collect(upTo: Self.maxAnswer)
            let retryAfter = response.headers.first(name: "retry-after")
                .flatMap { Int(FieldValue.trimmed($0)) }
            return .answered(status: Int(response.status.code), retryAfter: retryAfter)
        } catch {
            let reason = (error as? HTTPClientError)?.shortDescription.lowercased() ?? PlainWords.of(error)
            return Self.mayHaveArrived(error) ? .unanswered(reason) : .unreached(reason)
        }
    }

    private static func mayHaveArrived(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError {
            let late: [HTTPClientError] = [.readTimeout, .writeTimeout, .deadlineExceeded, .remoteConnectionClosed]
            return late.contains(error)
        }
        guard let error = error as? IOError else { return error is HTTPParserError }
        // Of a connection that was there.
        return [.connectionReset, .brokenPipe].contains(Errno(rawValue: error.errnoCode))
    }

    /// Says once when the receiver is away, and once that it is back.
    private func tell(_ outcome: WebhookAttempts.Outcome) {
        self.absence.withLock { absence in
            if case .unreached(let reason) = outcome { absence.failed(reason) } else { absence.succeeded() }
        }
    }
}
