/// The JSON bodies of the operator's routes of every service, as the bus tool and the services share them.
///
/// Under `/<service>/operator/bus`, for the role operator:
/// - `GET  /operator/bus` answers `BusHealth`
/// - `GET  /operator/bus/dead-letters` answers `DeadLetterList`
/// - `POST /operator/bus/dead-letters/{id}/retry` and `.../drop`, without a body, answer 204
/// - `POST /operator/bus/accept-epoch` takes `AcceptEpochBody`, answers 204
/// - `POST /operator/bus/retire` takes `RetireSubscriberBody`, answers 204
/// - `POST /operator/bus/hold` takes `HoldBody`, answers 204 when nothing is being applied any more
/// - `POST /operator/bus/release`, without a body, answers 204
/// - `POST /operator/bus/backup` takes `BackupBody`, answers 204 when the copy is on disk
///
/// `BusOperationRefused` is a problem of status 422 with its slug, field and reason; `StoreUnavailable` one of status
/// 503.
package struct DeadLetterList: Sendable, Hashable, Codable {
    package let deadLetters: [DeadLetter]
    package init(deadLetters: [DeadLetter]) { self.deadLetters = deadLetters }
}

package struct AcceptEpochBody: Sendable, Hashable, Codable {
    package let publisher: String
    package let stream: MessageStream
    package let epoch: String
    /// The last number of that epoch that counts as applied.
    package let after: Int64

    package init(publisher: String, stream: MessageStream, epoch: String, after: Int64) {
        self.publisher = publisher
        self.stream = stream
        self.epoch = epoch
        self.after = after
    }
}

package struct BackupBody: Sendable, Hashable, Codable {
    /// Of the folder that the copies of all services come to.
    package let name: String
    package init(name: String) { self.name = name }
}

package struct HoldBody: Sendable, Hashable, Codable {
    /// 1 to `BusLimits.holdSecondsMax`; then it ends by itself.
    package let seconds: Int
    package init(seconds: Int) { self.seconds = seconds }
}

package struct RetireSubscriberBody: Sendable, Hashable, Codable {
    package let service: String
    package init(service: String) { self.service = service }
}
