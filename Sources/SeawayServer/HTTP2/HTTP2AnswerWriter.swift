import NIOHPACK
import SeawayNIO

/// Makes the heads of answers as HTTP/2 has them.
struct HTTP2AnswerWriter {
    let server: String
    let date: HTTPDate

    /// Status and fields.
    ///
    /// - Parameter requestID: said of the request, unless the worker has said it itself.
    func head(_ answer: Answer, status: Int, framing: BodyFraming, requestID: String?) -> HPACKHeaders {
        var fields = self.begin(status, count: answer.fields.count)
        self.add(answer, to: &fields)
        if let requestID, !answer.hasRequestID { fields.add(name: "x-request-id", value: requestID) }
        switch framing {
        case .length(let length), .none(contentLength: .some(let length)):
            fields.add(name: "content-length", value: String(length))
        case .none(contentLength: .none), .chunked, .untilClose: break
        }
        return fields
    }

    /// Of a stream that becomes a WebSocket; the fields of the worker stand behind the handshake's own.
    func head(_ acceptance: WebSocketAcceptance, _ answer: Answer, requestID: String?) -> HPACKHeaders {
        var fields = self.begin(200, count: answer.fields.count + acceptance.fields.count)
        for (name, value) in acceptance.fields { fields.add(name: name, value: value) }
        self.add(answer, to: &fields) { WebSocketHandshake.isOwnField($0) }
        if let requestID, !answer.hasRequestID { fields.add(name: "x-request-id", value: requestID) }
        return fields
    }

    /// Of what the server answers by itself.
    func head(_ error: ErrorAnswer, requestID: String?) -> HPACKHeaders {
        // HTTP/2 has no `upgrade`, which a 426 would need (Z9).
        var fields = self.begin(error.status == 426 ? 400 : error.status, count: 6)
        fields.add(name: "content-type", value: "text/plain; charset=utf-8")
        for (name, value) in error.fields where name != "upgrade" { fields.add(name: name.lowercased(), value: value) }
        fields.add(name: "date", value: self.date.text)
        if !self.server.isEmpty { fields.add(name: "server", value: self.server) }
        fields.add(name: "content-length", value: String(error.text.utf8.count + 1))
        if let requestID { fields.add(name: "x-request-id", value: requestID) }
        return fields
    }

    /// - Parameter isLeftOut: of the names of fields that would be sent; none but the server's own, if it is not given.
    private func add(
        _ answer: Answer, to fields: inout HPACKHeaders, isLeftOut: (ArraySlice<UInt8>) -> Bool = { _ in false }
    ) {
        for field in answer.fields where !field.isServersOwn && !isLeftOut(answer.bytes[field.name]) {
            fields.add(name: Self.name(answer.bytes[field.name]), value: Self.value(answer.bytes[field.value]))
        }
        if !answer.hasDate { fields.add(name: "date", value: self.date.text) }
        if !answer.hasServer, !self.server.isEmpty { fields.add(name: "server", value: self.server) }
    }

    private func begin(_ status: Int, count: Int) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(count + 4)
        fields.add(name: ":status", value: String(status))
        return fields
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String {
        let isLower = bytes.allSatisfy { !($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")) }
        let name = String(decoding: bytes, as: UTF8.self)
        return isLower ? name : name.lowercased()
    }

    private static func value(_ bytes: ArraySlice<UInt8>) -> String {
        FieldValue.trimmed(String(decoding: bytes, as: UTF8.self))
    }
}
