/// What is told when a job is given up.
package enum SetupOutcome {
    /// - Parameter refusal: why, for the person who asked.
    package static func facts(givingUp job: SetupJob, after trouble: SetupTrouble, refusal: Refusal) -> [SetupFact] {
        switch (job, trouble) {
        // The keys themselves are at fault: told as such, whatever they were needed for.
        case (.ensureWebhooks(_, asked: false), .keysRefused): [.keysChecked(refusal: refusal)]
        case (.checkKeys, .keysRefused): [.keysChecked(refusal: refusal)]
        case (_, .keysRefused): [.keysChecked(refusal: refusal), .failed(job, refusal)]
        // Nobody waits for the watch; it comes round again within the hour.
        case (.ensureWebhooks(_, asked: false), .passing): []
        case (_, .refused), (_, .passing): [.failed(job, refusal)]
        }
    }
}
