import CZlib

/// What gzip's bytes stand for, as far as they go.
func gunzip(_ bytes: some Collection<UInt8>) -> (content: [UInt8], isWhole: Bool) {
    var stream = z_stream()
    inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    var code = Z_OK
    Array(bytes).withUnsafeBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        var piece = [UInt8](repeating: 0, count: 65_536)
        repeat {
            let room = piece.count
            let count = piece.withUnsafeMutableBufferPointer { target in
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(room)
                code = inflate(&stream, Z_SYNC_FLUSH)
                return room - Int(stream.avail_out)
            }
            output += piece[..<count]
        } while code == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)
    }
    return (output, code == Z_STREAM_END)
}

/// The content of a chunked body, as far as it has come.
func unchunk(_ bytes: ArraySlice<UInt8>) -> (content: [UInt8], isWhole: Bool) {
    var content: [UInt8] = []
    var unread = bytes
    while let end = unread.firstIndex(of: 0x0D) {
        guard let size = Int(String(decoding: unread[..<end], as: UTF8.self), radix: 16) else {
            return (content, false)
        }
        guard size > 0 else { return (content, true) }
        let start = end + 2
        content += unread[start..<(start + size)]
        unread = unread[(start + size + 2)...]
    }
    return (content, false)
}
