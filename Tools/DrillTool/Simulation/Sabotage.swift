/// The product broken on purpose, one way at a time, inside the simulation only. A drill that does not notice is no drill.
package enum Sabotage: String, Sendable, Hashable, CaseIterable {
    /// The effect of a message is kept in one transaction, the inbox cursor in the next.
    case applyBeforeCursor = "apply-before-cursor"
    /// The outgoing message is kept in a transaction of its own, after the state.
    case tellAfterCommit = "tell-after-commit"
    /// The disk forgets the last commit when the power goes, although it was acknowledged.
    case loseLastCommit = "lose-last-commit"
    /// A repeated request has no idempotency key.
    case dropKeyOnRetry = "drop-key-on-retry"
    /// Every attempt has a key of its own.
    case newKeyPerRetry = "new-key-per-retry"
    /// A call without an answer counts as refused.
    case unknownAsFailed = "unknown-as-failed"
    /// State AUTHORIZED is taken for captured money; the aggregate is not read.
    case trustState = "trust-state"
    /// What a webhook says is taken as the state of the payment, without a GET.
    case webhookAsFact = "webhook-as-fact"
    /// A payment that was given up is never looked at again.
    case forgetAfterAbort = "forget-after-abort"
    /// A gap in a stream is stepped over.
    case skipGapRepair = "skip-gap-repair"
    /// A message that comes again is applied again.
    case ignoreRepeats = "ignore-repeats"
    /// Nothing that was under way is looked for after a restart.
    case forgetAtRestart = "forget-at-restart"
    /// Calls are made when they are due, whatever Vipps' limits.
    case ignoreRateLimits = "ignore-rate-limits"
    /// Messages are removed from the outbox before everybody has them.
    case removeTooEarly = "remove-too-early"
    /// A command of the till that is sent again acts again.
    case forgetCommands = "forget-commands"
    /// The mail is not marked as handed over before the mail server gets it.
    case mailWithoutMark = "mail-without-mark"
}
