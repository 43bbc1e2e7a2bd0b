import SeawayHub
import SeawayWire

/// A message to a group, to the connections of its members that have credit.
extension BrokerCore {
    /// Pushes the frames that the hub has made of it.
    func pushFanout(_ group: Span<UInt8>, _ body: Span<UInt8>, _ format: BodyFormat) {
        let frames = self.hub.fanout.frames
        guard !frames.isEmpty else { return }
        let name = Name(checked: group.array)
        // Each is looked up once: with a thousand members that is a good part of the work.
        var others: [(endpoint: any Endpoint, frame: Fanout.Frame)] = []
        Self.translated(body, format, to: format) { body in
            let shared = Self.shared(body, by: frames.count)
            for frame in frames {
                guard let endpoint = self.endpoint(frame.peer) else { continue }
                if endpoint.format == format {
                    self.push(group: name, body, shared, frame, to: endpoint)
                } else {
                    others.append((endpoint, frame))
                }
            }
        }
        guard let wanted = others.first?.endpoint.format else { return }
        Self.translated(body, format, to: wanted) { body in
            let shared = Self.shared(body, by: others.count)
            for (endpoint, frame) in others { self.push(group: name, body, shared, frame, to: endpoint) }
        }
    }

    /// A large body that several get, in a buffer for all of them.
    private static func shared(_ body: Span<UInt8>, by count: Int) -> SharedBody? {
        count > 1 && body.count >= SharedBody.smallest ? SharedBody(body) : nil
    }

    @inline(__always)
    private func push(
        group: Name, _ body: Span<UInt8>, _ shared: SharedBody?, _ frame: Fanout.Frame, to endpoint: any Endpoint
    ) {
        guard let shared else {
            return endpoint.push(group: group, body: body) { write in
                self.hub.fanout.forEachName(of: frame) { write($0.bytes.span) }
            }
        }
        endpoint.push(group: group, shared: shared) { write in
            self.hub.fanout.forEachName(of: frame) { write($0.bytes.span) }
        }
    }
}
