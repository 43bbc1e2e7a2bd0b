import NIOCore
import NIOPosix
import SeawayClient
import Testing

struct LoopExecutorTests {
    @Test func tasksThatPreferALayersExecutorRunOnItsLoop() async {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let layer = WireLayer(eventLoop: eventLoop)
        let places = await withTaskExecutorPreference(layer.executor) {
            // What it waits for brings it back there, and so do its child tasks.
            await Task.yield()
            let own = eventLoop.inEventLoop
            return await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<3 { group.addTask { eventLoop.inEventLoop } }
                return await group.reduce(into: [own]) { $0.append($1) }
            }
        }
        #expect(places == [true, true, true, true])
    }
}
