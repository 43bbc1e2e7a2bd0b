import Logging
import NIOCore
import SeawayMessage
import SeawayNIO
import SeawayWire

/// A message whose sender is told when it will not be done (S14).
struct ReportedSend {
    let body: Payload
    let channel: String
    let ifHeard: Bool
    let report: ReportTerms

    /// Bytes on the wire, about.
    var size: Int { self.body.count + self.channel.utf8.count + self.report.channel.utf8.count + 96 }

    /// Why it must not be written.
    var fault: Refusal? {
        WireRequest.fault(self.channel, where: \.isChannel) ?? WireRequest.fault(self.report.channel, where: \.isReply)
            ?? self.faultOfNumbers
    }

    private var faultOfNumbers: Refusal? {
        guard (0...ReportRequest.longestPatience).contains(self.report.patience ?? 0),
            (0...ReportRequest.mostTimes).contains(self.report.times),
            self.report.note.map({ note in
                (1...ReportRequest.mostNoteBytes).contains(note.utf8.count) && note.utf8.allSatisfy(Name.isNameByte)
            }) ?? true
        else { return Refusal(code: "option", text: "a report's patience, times or note is out of its range") }
        return nil
    }

    func write(to buffer: inout ByteBuffer) {
        buffer.writeStaticString("SEND :")
        buffer.writeDecimal(self.body.count)
        buffer.writeStaticString(" ")
        buffer.writeString(self.channel)
        if self.ifHeard { buffer.writeStaticString(" Here=1") }
        buffer.writeStaticString(" Report=")
        buffer.writeString(self.report.channel)
        if let patience = self.report.patience {
            buffer.writeStaticString(" Patience=")
            buffer.writeDecimal(patience)
        }
        if self.report.times > 0 {
            buffer.writeStaticString(" Times=")
            buffer.writeDecimal(self.report.times)
        }
        if let note = self.report.note { buffer.writeString(" Note=\(note)") }
        buffer.writeStaticString("\n")
        buffer.writeBytes(self.body.messagePack)
        buffer.writeStaticString("\n")
    }
}

extension WireCore {
    /// The request without what this broker does not know.
    func known(_ request: WireRequest) -> WireRequest {
        guard case .reportedSend(let send) = request, !self.takesReports else { return request }
        if !self.hasSaidUnreported {
            self.hasSaidUnreported = true
            self.logger.warning(
                "the broker does not support report: a request whose worker is lost waits until its time is over",
                metadata: ["broker": "\(self.configuration.broker)", "channel": "\(send.channel)"])
        }
        return .send(send.body, send.channel, ifHeard: send.ifHeard)
    }
}

/// The same of which one of several brokers takes it: that one reports too.
struct ShardedReportedSend: ShardedRequest {
    let send: ReportedSend
    let stream: String?
    let answer: @Sendable (SendAnswer, Carrier) -> Void

    var target: ShardMap.Target { .channel(self.send.channel) }
    var size: Int { self.send.size }
    var fault: Refusal? { self.send.fault }

    func send(over layer: WireLayer, _ broker: Int, again: @escaping @Sendable (Refusal) -> Void) {
        let (ifHeard, answer) = (self.send.ifHeard, self.answer)
        layer.sendCarried(.reportedSend(self.send)) { result, carrier in
            if case .refused(let refusal) = result, refusal.code == "closing" || (ifHeard && refusal.isAway) {
                again(refusal)
            } else {
                answer(result, Carrier(broker: broker, connection: carrier.connection))
            }
        }
    }

    func refuse(_ refusal: Refusal) { self.answer(.refused(refusal), Carrier()) }
}
