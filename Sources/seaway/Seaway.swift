import ArgumentParser
internal import NIOHTTP1
internal import ServiceLifecycle

@main struct Seaway: ParsableCommand {
}
