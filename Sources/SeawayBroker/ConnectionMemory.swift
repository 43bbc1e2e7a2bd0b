import NIOCore
import SeawayHub

/// What one connection takes of the broker's memory (M1): bytes.
struct ConnectionMemory {
    /// What has come and is not yet a whole frame, or waits for its turn.
    var input = 0
    /// The room of what is read at once, as far as it is more than everybody's.
    var room = 0
    /// What was handed over and may still be there: all of it until nothing is.
    var lent = 0
    /// The same, of bodies that are shared.
    var bodies: [SharedBody] = []
    /// Something was written since it was last looked what is left of it.
    var mayBeUnsent = false
    /// What was counted so far as output.
    var output = 0

    /// Rooms that are no more than this count as part of the connection.
    static let usualRoom = 16_384
    /// The most that is read at once.
    static let mostRoom = 65_536
    /// A buffer for what a turn gathers is no larger than this to begin with.
    static let mostUsualOutput = 65_536
    /// The most that is handed over at once: copying more into the system's buffers takes long, and not all peers take
    /// it.
    static let mostAtOnce = 262_144
    /// Of a connection itself, by its socket, its handlers and its tables: measured.
    static let connection = 4_096
}

/// Counting it.
extension Connection {
    /// Tells the store how much input this connection holds.
    func hold(_ bytes: Int) {
        guard bytes != self.memory.input else { return }
        self.core.hub.hold(bytes - self.memory.input, .input, by: self.payer)
        self.memory.input = bytes
    }

    /// Notes how large a buffer it was read into, since one of that size is kept for what comes next.
    func noteRoom(of bytes: ByteBuffer) {
        let room = max(0, min(bytes.storageCapacity, ConnectionMemory.mostRoom) - ConnectionMemory.usualRoom)
        guard room != self.memory.room else { return }
        self.core.hub.hold(room - self.memory.room, .input, by: self.payer)
        self.memory.room = room
    }

    /// Counts what is to be sent: gathered, handed over, and held back.
    @inline(__always)
    func account() {
        let output = self.ownOutput + self.memory.lent + self.memberships.memory + self.pending.memory
        guard output != self.memory.output else { return }
        self.core.hub.hold(output - self.memory.output, .output, by: self.payer)
        self.memory.output = output
    }

    /// Many bytes were handed over, or bodies that others get too, or some that wait behind others.
    func noteHandOver(_ bytes: Int, _ bodies: [SharedBody]) {
        self.memory.bodies += bodies
        self.memory.lent = max(self.memory.lent, bytes)
        if !self.isFull { self.lookAtLent() }
    }

    /// Looks what is left of what was handed over; a buffer is there until all of it has left.
    func lookAtLent() {
        guard self.memory.mayBeUnsent else { return }
        let unsent = self.transport.unsent
        if unsent == 0 {
            self.memory.mayBeUnsent = false
            self.memory.lent = 0
            self.memory.bodies = []
        } else if self.memory.bodies.isEmpty {
            self.memory.lent = max(self.memory.lent, unsent)
        }
        self.account()
    }

    /// It takes nothing of memory any more.
    func releaseMemory() {
        self.hold(0)
        self.memory.lent = 0
        self.memory.bodies = []
        self.memberships = MembersBacklog()
        self.account()
        self.core.hub.hold(-self.memory.room, .input, by: self.payer)
        self.core.hub.hold(-ConnectionMemory.connection, .connections, by: 0)
    }
}
