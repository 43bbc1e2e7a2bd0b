/// A setting that has another value than before.
package struct SettingChange: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// `nil`: the default.
    package let old: String?
    package let new: String?

    package init(name: String, old: String?, new: String?) {
        self.name = name
        self.old = old
        self.new = new
    }

    package var description: String { "\(self.name) \(self.old ?? "default") -> \(self.new ?? "default")" }
}

extension EffectiveSettings {
    /// What is not as it was, in the order of the settings.
    package func changes(from old: EffectiveSettings) -> [SettingChange] {
        self.entries.compactMap { entry in
            let before = old.find(entry.setting.name)?.text
            guard entry.text != before else { return nil }
            return SettingChange(name: entry.setting.name, old: before, new: entry.text)
        }
    }

    /// These settings, but for those that are as they were in others: what a process goes by that cannot change them.
    package func keeping(_ names: Set<String>, of old: EffectiveSettings) -> EffectiveSettings {
        EffectiveSettings(
            command: self.command,
            entries: self.entries.map { entry in
                guard names.contains(entry.setting.name) else { return entry }
                return old.find(entry.setting.name) ?? entry
            })
    }

    private init(command: CommandSettings, entries: [Entry]) {
        self.command = command
        self.entries = entries
    }
}

extension EffectiveSettings.Entry {
    /// The values that are given, for people and without secrets; `nil` where nothing is.
    package var text: String? {
        guard self.origin != .fallback else { return nil }
        guard self.origin != .environment("SEAWAY_TOKEN") else { return SecretText.mask }
        return self.texts.map(SecretText.masked).joined(separator: ", ")
    }

    /// What holds: that, or the default.
    package var effective: String { self.text ?? self.setting.fallback ?? "" }
}
