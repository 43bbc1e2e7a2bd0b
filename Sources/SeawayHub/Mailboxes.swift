import SeawayWire

/// The mailboxes that have a record.
final class Mailboxes {
    private var table = NameTable<Mailbox>()

    var count: Int { self.table.count }

    /// In no order.
    var all: [Mailbox] { self.table.all }

    @inline(__always)
    func find(_ name: Span<UInt8>, _ hash: NameHash) -> Mailbox? { self.table.find(name, hash) }

    func find(_ name: Name) -> Mailbox? { self.table.find(name) }

    /// Its record, made when there is none.
    ///
    /// - Parameter capacity: of one that is made (S5).
    func make(
        _ name: Name, capacity: @autoclosure () -> Room?, by payer: PayerID, _ ledger: Ledger
    ) -> Mailbox {
        if let mailbox = self.table.find(name) { return mailbox }
        let mailbox = Mailbox(name, capacity: capacity())
        mailbox.payer = payer
        self.table.insert(mailbox)
        ledger.pay(Cost.mailbox + name.bytes.count, by: payer)
        return mailbox
    }

    /// Drops the record of one that holds nothing; passes over one that is dropped already.
    func dropIfUnused(_ mailbox: Mailbox, _ ledger: Ledger) {
        guard mailbox.isUnused else { return }
        mailbox.isDropped = true
        self.table.remove(mailbox)
        ledger.pay(-(Cost.mailbox + mailbox.name.bytes.count), by: mailbox.payer)
    }
}
