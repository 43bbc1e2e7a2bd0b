import NIOHPACK
import SeawayNIO

/// Makes the heads of answers as HTTP/2 has them.
struct HTTP2AnswerWriter {
    let server: String
    let date: HTTPDate

    /// Status and fields.
    func head(_ answer: Answer, status: Int, framing: BodyFraming) -> HPACKHeaders {
        var fields = self.begin(status, count: answer.fields.count)
        for field in answer.fields where !field.isServersOwn {
            fields.add(name: Self.name(answer.bytes[field.name]), value: Self.value(answer.bytes[field.value]))
        }
        if !answer.hasDate { fields.add(name: "date", value: self.date.text) }
        if !answer.hasServer, !self.server.isEmpty { fields.add(name: "server", value: self.server) }
        switch framing {
        case .length(let length), .none(contentLength: .some(let length)):
            fields.add(name: "content-length", value: String(length))
        case .none(contentLength: .none), .chunked, .untilClose: break
        }
        return fields
    }

    /// Of what the server answers by itself.
    func head(_ error: ErrorAnswer) -> HPACKHeaders {
        var fields = self.begin(error.status, count: 6)
        fields.add(name: "content-type", value: "text/plain; charset=utf-8")
        for (name, value) in error.fields { fields.add(name: name.lowercased(), value: value) }
        fields.add(name: "date", value: self.date.text)
        if !self.server.isEmpty { fields.add(name: "server", value: self.server) }
        fields.add(name: "content-length", value: String(error.text.utf8.count + 1))
        return fields
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
