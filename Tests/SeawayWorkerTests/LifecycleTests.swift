import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

@Suite struct LifecycleTests {
    @Test func noMoreConsumersRunThanThereIsCredit() async throws {
        let layer = FakeLayer()
        let running = Inbox<Int>()
        let gate = Gate()
        try await withWorker(layer, concurrency: 3) { worker in
            worker.on("work") { message in
                running.put(Int(message["n"]?.int ?? 0))
                await gate.wait()
            }
        } talk: { _ in
            // More than was granted, as no layer would do.
            for number in 0..<5 { layer.deliver(["n": .int(Int64(number))], to: "work") }
            var begun: Set<Int> = []
            for _ in 0..<3 { begun.insert(await running.next()) }
            #expect(begun == [0, 1, 2])
            gate.open()
            for _ in 0..<2 { begun.insert(await running.next()) }
            #expect(begun == [0, 1, 2, 3, 4])
            for _ in 0..<5 { try #require(try await layer.nextCredit() == 1) }
        }
    }

    @Test func creditComesBackWhenTheAnswerHasArrived() async throws {
        let layer = FakeLayer { _, _ in nil }
        let seen = Inbox<Void>()
        try await withWorker(layer, concurrency: 1) { worker in
            worker.on("http.request", path: "/") { _ in .text("hi") }
            worker.on("other") { _ in seen.put(()) }
        } talk: { _ in
            layer.request(1, "/")
            _ = try await layer.nextSent()
            // The consumer is free although its answer is still on its way; the credit is not.
            layer.deliver([:], to: "other")
            await seen.next()
            #expect(try await layer.nextCredit() == 1)
            layer.answerHeld(.done)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aWorkerThatIsToLeaveFinishesWhatItHas() async throws {
        let layer = FakeLayer { _, _ in nil }
        let gate = Gate()
        let begun = Inbox<Void>()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                begun.put(())
                await gate.wait()
                return .text("late")
            }
        } talk: { shutdown in
            layer.request(1, "/")
            await begun.next()
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
            gate.open()
            #expect(try await layer.nextSent().content == "late")
            // run() returns only behind this, else the test would hang or the answer would be lost.
            layer.answerHeld(.done)
        }
    }

    @Test func aCancelledWorkerGivesUpWhatItSendsAgain() async throws {
        let layer = FakeLayer(opening: nil) { _, _ in .refused(Refusal(code: "full")) }
        let worker = Worker(layer: layer)
        worker.on("http.request", path: "/") { _ in .text("hi") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            _ = try await layer.nextCredit()
            layer.request(1, "/")
            _ = try await layer.nextSent()
            group.cancelAll()
            try await group.waitForAll()
        }
        try await layer.stopping()
    }

    @Test(arguments: [
        (
            ListeningEvent.refused(Refusal(code: "limit")),
            WorkerError(.notListening, name: "a b", refusal: Refusal(code: "limit"))
        ), (.lost(name: "b"), WorkerError(.notListening, name: "b")),
    ])
    func aWorkerThatCannotListenEnds(event: ListeningEvent, error: WorkerError) async throws {
        let layer = FakeLayer()
        await #expect(throws: error) {
            try await withWorker(layer) { worker in
                worker.on("b") { _ in }
                worker.on("a") { _ in }
            } talk: { _ in
                layer.happen(.interrupted)
                layer.happen(.started(kept: false))
                layer.happen(event)
            }
        }
    }
}

@Suite struct WorkQueueTests {
    @Test func nobodyIsSentHomeBeforeAllHasEnded() async {
        let queue = WorkQueue<Int>()
        queue.begin(1)
        queue.close()
        #expect(await queue.next() == 1)
        queue.putBack(2)
        #expect(await queue.next() == 2)
        queue.end()
        #expect(await queue.next() == nil)
    }

    @Test func everyJobIsTakenOnceByManyTakers() async {
        let queue = WorkQueue<Int>()
        let count = 10_000
        let taken = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var taken: [Int] = []
                    while let job = await queue.next() {
                        taken.append(job)
                        if job % 7 == 0 { await Task.yield() }
                        queue.end()
                    }
                    return taken
                }
            }
            group.addTask {
                for job in 0..<count {
                    queue.begin(job)
                    if job % 100 == 0 { await Task.yield() }
                }
                queue.close()
                return []
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == Array(0..<count))
    }
}
