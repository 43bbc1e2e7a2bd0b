import TestSupport
import Testing

@Suite struct ScenarioVectorTests {
    @Test(arguments: try Vectors.load("sessions.json", as: ScenarioVector.self), Cut.allCases)
    func aSessionGoesAsTheVectorSays(vector: ScenarioVector, cut: Cut) throws {
        try ScenarioRunner(options: vector.options ?? [:], cut: cut).run(vector)
    }

    @Test(arguments: try Vectors.load("delivery.json", as: ScenarioVector.self))
    func messagesGoWhereTheVectorSays(vector: ScenarioVector) throws {
        try ScenarioRunner(options: vector.options ?? [:]).run(vector)
    }
}
