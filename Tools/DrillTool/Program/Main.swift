import ArgumentParser

/// The drill: shows that nothing is lost, doubled or leaked, and prints its figures.
@main struct Drill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill", abstract: "Shows that no krone and no sale is lost, doubled or leaked.",
        subcommands: [SimulationDrill.self])
}
