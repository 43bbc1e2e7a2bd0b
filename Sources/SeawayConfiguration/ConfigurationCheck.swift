extension ConfigurationFile {
    /// Reads a file with the sections that a schema has.
    ///
    /// - Throws: when it is no YAML, or no map of sections.
    package init(_ text: String, path: String, schema: ConfigurationSchema) throws(ConfigurationFault) {
        try self.init(text, path: path) { path in
            path == [ConfigurationSchema.common] || schema.command(path) != nil || schema.hasSections(path)
        }
    }

    /// What no command can read: keys that there are none of, and values of another form. What values say is not looked
    /// at.
    package func faults(_ schema: ConfigurationSchema) -> [ConfigurationFault] {
        self.entries.compactMap { self.fault($0, schema) }
    }

    private func fault(_ entry: Entry, _ schema: ConfigurationSchema) -> ConfigurationFault? {
        let section = Array(entry.path.dropLast())
        let name = entry.path.last ?? ""
        let settings = schema.settings(in: section)
        if let setting = settings.first(where: { $0.name == name }) {
            return setting.isOf(entry.value) ? nil : self.fault(entry, "this takes \(setting.form)")
        }
        let sections = schema.names(in: section)
        if sections.contains(name) { return self.fault(entry, "this is a section: its keys stand below it, indented") }
        let known = settings.map(\.name) + sections
        if let near = NearWord.find(name, among: known) {
            return self.fault(entry, "there is no such key: is \(near) meant?")
        }
        let owners = schema.commands.filter { $0.find(name) != nil }.map(\.section)
        if !owners.isEmpty { return self.fault(entry, "this key stands in \(owners.joined(separator: ", "))") }
        let hint =
            settings.isEmpty
            ? "there are \(sections.joined(separator: ", "))"
            : "the options of seaway \(section == [ConfigurationSchema.common] ? "broker" : section.joined(separator: " ")) have their names here"
        return self.fault(entry, "there is no such key: \(hint)")
    }

    private func fault(_ entry: Entry, _ text: String) -> ConfigurationFault {
        ConfigurationFault(self.path, line: entry.line, key: entry.key, text)
    }
}

extension Setting {
    /// Whether a value has the form that this takes.
    func isOf(_ value: ConfigurationFile.Value) -> Bool {
        switch (self.kind, value) {
        case (.flag, .text(let text)): Self.bool(text) != nil
        case (.value, .text), (.list, .text), (.list, .list), (.rest, .text), (.rest, .list): true
        default: false
        }
    }
}
