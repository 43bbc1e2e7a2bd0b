import Configuration

/// A configuration file, where swift-configuration looks values up.
struct FileSettings: ConfigProvider, ConfigSnapshot {
    let file: ConfigurationFile

    var providerName: String { self.file.path }

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let entry = self.file.find(key.components)
        return LookupResult(encodedKey: key.components.joined(separator: "."), value: entry?.value.content(type))
    }

    nonisolated(nonsending) func fetchValue(forKey key: AbsoluteConfigKey, type: ConfigType) async throws
        -> LookupResult
    {
        try self.value(forKey: key, type: type)
    }

    nonisolated(nonsending) func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey, type: ConfigType,
        updatesHandler:
            nonisolated(nonsending) (
                _ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>
            ) async throws -> Return
    ) async throws -> Return {
        try await self.watchValueFromValue(forKey: key, type: type, updatesHandler: updatesHandler)
    }

    func snapshot() -> any ConfigSnapshot { self }

    nonisolated(nonsending) func watchSnapshot<Return: ~Copyable>(
        updatesHandler:
            nonisolated(nonsending) (_ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>) async throws ->
            Return
    ) async throws -> Return {
        try await self.watchSnapshotFromSnapshot(updatesHandler: updatesHandler)
    }
}

extension ConfigurationFile.Value {
    /// One text is a list of one too.
    fileprivate func content(_ type: ConfigType) -> ConfigValue? {
        switch (self, type) {
        case (.text(let text), .string): ConfigValue(.string(text), isSecret: false)
        case (.text(let text), .stringArray): ConfigValue(.stringArray([text]), isSecret: false)
        case (.list(let texts), .stringArray): ConfigValue(.stringArray(texts), isSecret: false)
        default: nil
        }
    }
}
