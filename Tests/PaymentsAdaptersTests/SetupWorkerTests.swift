import Cryptography
import Foundation
import GRDB
import Logging
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Synchronization
import Testing

/// Vipps' side of set-up as a value: what is registered, which codes there are, and which trouble comes next.
final class SetupAtVipps: SetupProvider {
    struct World: Sendable {
        var webhooks: [ListedWebhook] = []
        var codes: [String: MerchantQR] = [:]
        var acts: [String] = []
        /// Trouble for the next calls of a kind, in order; `nil` lets one pass.
        var troubles: [String: [SetupTrouble?]] = [:]
        /// Calls of these kinds do their work and lose the answer, so many times.
        var lostAnswers: [String: Int] = [:]
    }

    private let world = Mutex(World())

    @discardableResult
    func with<Value: Sendable>(_ change: (inout World) -> Value) -> Value { world.withLock { change(&$0) } }
    var acts: [String] { with { $0.acts } }
    var webhooks: [ListedWebhook] { with { $0.webhooks } }

    static let noAnswer = SetupTrouble.passing(
        Refusal(code: Refusal.OwnCode.unexpectedAnswer, detail: "no answer"), retryAfter: nil)

    private func act<Value: Sendable>(
        _ kind: String, _ about: String, _ work: (inout World) throws(SetupTrouble) -> Value
    ) throws(SetupTrouble) -> Value {
        let result = world.withLock { world -> Result<Value, SetupTrouble> in
            world.acts.append("\(kind) \(about)")
            if let waiting = world.troubles[kind], !waiting.isEmpty {
                world.troubles[kind]?.removeFirst()
                if let trouble = waiting[0] { return .failure(trouble) }
            }
            do throws(SetupTrouble) {
                let value = try work(&world)
                if let left = world.lostAnswers[kind], left > 0 {
                    world.lostAnswers[kind] = left - 1
                    return .failure(Self.noAnswer)
                }
                return .success(value)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Checks of this agreement's keys wait until it is woken.
    let slow = Mutex<(agreement: AgreementID, signal: WakeSignal)?>(nil)

    func checkKeys(_ address: SetupAddress) async throws(SetupTrouble) {
        if let slow = slow.withLock({ $0 }), slow.agreement == address.agreementID { await slow.signal.wait() }
        try act("check", address.msn ?? "-") { _ in }
    }

    func webhooks(_ address: SetupAddress) async throws(SetupTrouble) -> [ListedWebhook] {
        try act("list", address.msn ?? "-") { $0.webhooks }
    }

    func registerWebhook(
        _ url: String, for topic: WebhookTopic, _ address: SetupAddress
    ) async throws(SetupTrouble) -> NewWebhook {
        try act("register", topic.rawValue) { world throws(SetupTrouble) in
            let isTaken = world.webhooks.contains { !$0.events.isDisjoint(with: topic.events) }
            if topic.isExclusive, isTaken {
                throw .refused(Refusal(code: Refusal.OwnCode.invalidRequest, httpStatus: 400, detail: "one per MSN"))
            }
            let id = "w\(world.acts.count)"
            world.webhooks.append(ListedWebhook(webhookID: id, url: url, events: Set(topic.events)))
            return NewWebhook(webhookID: id, secret: "secret-of-\(id)")
        }
    }

    func deleteWebhook(_ webhookID: String, _ address: SetupAddress) async throws(SetupTrouble) {
        try act("delete", webhookID) { $0.webhooks.removeAll { $0.webhookID == webhookID } }
    }

    func merchantQRs(_ address: SetupAddress) async throws(SetupTrouble) -> [MerchantQR] {
        try act("codes", "") { $0.codes.values.sorted { $0.merchantQRID < $1.merchantQRID } }
    }

    func putMerchantQR(
        _ merchantQRID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble) {
        try act("put", merchantQRID) {
            $0.codes[merchantQRID] = MerchantQR(
                merchantQRID: merchantQRID, locationDescription: locationDescription, content: "https://qr.vipps.no/x")
        }
    }

    func deleteMerchantQR(_ merchantQRID: String, _ address: SetupAddress) async throws(SetupTrouble) {
        try act("remove", merchantQRID) { $0.codes[merchantQRID] = nil }
    }

    func convertMobilePayQR(
        _ beaconID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble) {
        try act("convert", beaconID) { world throws(SetupTrouble) in
            if world.codes[beaconID] != nil {
                throw .refused(Refusal(code: "unexpected-answer", httpStatus: 409, detail: "conflict"))
            }
            world.codes[beaconID] = MerchantQR(
                merchantQRID: beaconID, locationDescription: locationDescription, content: "mobilepaypos://pos?id=1")
        }
    }

    func merchantQRImage(_ merchantQRID: String, _ address: SetupAddress) async throws(SetupTrouble) -> String {
        try act("image", merchantQRID) { _ in "<svg></svg>" }
    }
}

/// Hands messages to the gateway's set-up as the bus would.
struct SetupHearing: Sendable {
    let store: SQLiteSetupStore
    let tenant: TenantID
    var clock = TurnedClock()

    func hear(_ message: some MessageContract) async throws {
        var router = MessageRouter<Database>()
        let clock = clock
        SetupHandlers(store: store, now: { clock.now }).register(in: &router)
        let envelope = Envelope(
            id: .new(at: clock.now), source: "/pos-service", type: type(of: message).type, subject: message.subject,
            time: clock.now, tenantID: tenant, stream: type(of: message).stream, sequence: 1, epoch: "e",
            cause: .beginning(at: clock.now), data: try JSONEncoder.house.encode(message))
        try await store.database.writer.write { [router] db in try router.handle(envelope, in: db) }
    }
}

/// Set-up over a real database, with Vipps' side beside it.
struct SetupBench: Sendable {
    let clock = TurnedClock()
    let vipps = SetupAtVipps()
    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let store: SQLiteSetupStore
    let worker: SetupWorker
    let tenant = TenantID(UUID())
    let agreement = AgreementID(UUID())
    let unit = SalesUnitID(UUID())
    let user = UserID(UUID())
    static let base = "https://shop.example"
    static let prefix = "https://shop.example/vipps/webhooks/"

    init() throws {
        var migrator = DatabaseMigrator()
        SetupSchema.register(in: &migrator)
        WebhookSchema.register(in: &migrator)
        database = try SQLiteDatabase.temporary(migrator: migrator)
        messages = SQLiteMessageStore(database: database, service: ServiceName.gateway)
        store = SQLiteSetupStore(database: database, messages: messages)
        let clock = clock
        worker = SetupWorker(
            store: store, provider: vipps, sealing: GatewayKeys.shared.sealing, opening: GatewayKeys.shared.opening,
            webhookBase: Self.base, now: { clock.now }, tick: .milliseconds(50),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func hear(_ message: some MessageContract, tenant other: TenantID? = nil) async throws {
        try await SetupHearing(store: store, tenant: other ?? tenant, clock: clock).hear(message)
    }

    func told<Contract: MessageContract>(_ contract: Contract.Type) async throws -> [Contract] {
        try await database.writer.read { [messages] db in
            try messages.appendedEnvelopes(in: db).filter { $0.type == Contract.type }.map {
                try $0.decode(Contract.self)
            }
        }
    }

    func agreementSaved(_ id: AgreementID? = nil, keys: Data? = GatewayKeys.shared.seal(keys: "c")) -> AgreementSaved {
        AgreementSaved(
            agreementID: id ?? agreement, displayName: "Vipps", keysEnvelope: keys, keysSetAt: clock.now, savedBy: user,
            savedAt: clock.now)
    }

    func unitSaved(_ id: SalesUnitID? = nil, agreement other: AgreementID? = nil, msn: String = "123456")
        -> SalesUnitSaved
    {
        SalesUnitSaved(
            salesUnitID: id ?? unit, displayName: "Shop", agreementID: other ?? agreement, msn: msn,
            organizationalUnitID: OrganizationalUnitID(UUID()), currency: .nok, savedAt: clock.now)
    }

    func register() async throws {
        try await hear(RegisterWebhook(agreementID: agreement, requestedBy: user, requestedAt: clock.now))
        try await worker.runDueJobs()
    }

    /// Agreement and sales unit, with the keys' check done.
    func prepare() async throws {
        try await hear(agreementSaved())
        try await hear(unitSaved())
        try await worker.runDueJobs()
    }

    /// Lets postponed jobs come due, at most so many times.
    func turnUntilDone(_ rounds: Int = 40) async throws {
        for _ in 0..<rounds {
            clock.turn(by: 61)
            try await worker.runDueJobs()
        }
    }
}

@Suite("Set-up of keys", .timeLimit(.minutes(1))) struct SetupKeysTests {
    private let bench: SetupBench
    init() throws { bench = try SetupBench() }

    @Test("tries new keys at once and tells what Vipps said")
    func newKeys() async throws {
        try await bench.prepare()
        #expect(try await bench.told(KeysChecked.self).map(\.accepted) == [true])
        let refusal = Refusal(code: Refusal.OwnCode.keysRefused, httpStatus: 401, detail: "no")
        bench.vipps.with { $0.troubles["check"] = [.keysRefused(refusal)] }
        try await bench.hear(CheckKeys(agreementID: bench.agreement, requestedAt: bench.clock.now))
        try await bench.worker.runDueJobs()
        let told = try await bench.told(KeysChecked.self)
        #expect(told.map(\.accepted) == [true, false])
        #expect(told.last?.errorCode == Refusal.OwnCode.keysRefused)
    }

    @Test("are accepted when one sales unit's MSN is wrong, and refused when all of them are")
    func wrongMSN() async throws {
        try await bench.prepare()
        try await bench.hear(bench.unitSaved(SalesUnitID(UUID()), msn: "99999"))
        try await bench.worker.runDueJobs()
        let foreign = SetupTrouble.refused(
            Refusal(code: Refusal.OwnCode.notAllowed, httpStatus: 403, detail: "not of these keys"))
        for troubles in [[foreign, nil], [foreign, foreign]] {
            bench.vipps.with { $0.troubles["check"] = troubles }
            try await bench.hear(CheckKeys(agreementID: bench.agreement, requestedAt: bench.clock.now))
            try await bench.worker.runDueJobs()
        }
        let told = try await bench.told(KeysChecked.self).suffix(2)
        #expect(told.map(\.accepted) == [true, false])
        #expect(told.map(\.errorCode) == [nil, Refusal.OwnCode.notAllowed])
    }

    @Test("keeps the envelope as it came, replaces it, and keeps it when keys did not change")
    func envelopes() async throws {
        let first = GatewayKeys.shared.seal(keys: "first")
        let second = GatewayKeys.shared.seal(keys: "second")
        try await bench.hear(bench.agreementSaved(keys: first))
        #expect(try await bench.store.keysEnvelope(of: bench.agreement, tenant: bench.tenant) == first)
        try await bench.hear(bench.agreementSaved(keys: nil))
        #expect(try await bench.store.keysEnvelope(of: bench.agreement, tenant: bench.tenant) == first)
        try await bench.hear(bench.agreementSaved(keys: second))
        #expect(try await bench.store.keysEnvelope(of: bench.agreement, tenant: bench.tenant) == second)
    }

    @Test("gives no tenant another's keys, and lets none change another's agreement")
    func tenants() async throws {
        let other = TenantID(UUID())
        try await bench.prepare()
        try await bench.hear(bench.agreementSaved(keys: GatewayKeys.shared.seal(keys: "thief")), tenant: other)
        #expect(try await bench.store.keysEnvelope(of: bench.agreement, tenant: other) == nil)
        let kept = try #require(try await bench.store.keysEnvelope(of: bench.agreement, tenant: bench.tenant))
        let keys = VippsKeys(json: try GatewayKeys.shared.opening.open(kept))
        #expect(keys?.clientID == "c")
        #expect(try await bench.told(SetupFailed.self).count == 1)
        try await bench.hear(SyncMerchantQRs(salesUnitID: bench.unit, requestedAt: bench.clock.now), tenant: other)
        try await bench.worker.runDueJobs()
        #expect(try await bench.told(SetupFailed.self).count == 2)
        #expect(!bench.vipps.acts.contains { $0.hasPrefix("codes") })
    }

    @Test("refuses a second sales unit of one tenant for the same MSN")
    func sameMSN() async throws {
        try await bench.prepare()
        try await bench.hear(bench.unitSaved(SalesUnitID(UUID())))
        let failed = try await bench.told(SetupFailed.self)
        #expect(failed.map(\.command) == [SalesUnitSaved.type])
        #expect(failed.first?.failure.detail.contains("123456") == true)
    }
}

@Suite("Set-up of webhooks", .timeLimit(.minutes(1))) struct SetupWebhookTests {
    private let bench: SetupBench
    init() throws { bench = try SetupBench() }

    @Test("makes two registrations, keeps their secrets sealed, and finds them by their address")
    func registers() async throws {
        try await bench.prepare()
        try await bench.register()
        let listed = bench.vipps.webhooks
        #expect(listed.map(\.events) == WebhookTopic.allCases.map { Set($0.events) })
        #expect(listed.allSatisfy { $0.url.hasPrefix(SetupBench.prefix) })
        #expect(Set(try await bench.told(WebhookRegistered.self).map(\.kind)) == [.payments, .checkIns])
        let webhooks = SQLiteWebhookStore(
            database: bench.database, messages: bench.messages, sealing: GatewayKeys.shared.sealing,
            opening: GatewayKeys.shared.opening, recorder: nil)
        let token = try #require(listed.first?.url.dropFirst(SetupBench.prefix.count))
        let registration = try #require(try await webhooks.registration(token: String(token)))
        #expect(registration.tenantID == bench.tenant)
        let secret = try #require(webhooks.secret(of: registration))
        #expect(String(decoding: secret, as: UTF8.self) == "secret-of-\(listed[0].webhookID)")
        #expect(registration.secretEnvelope.range(of: secret) == nil)
    }

    @Test("asked again makes new ones with new secrets in their place; the old ones' deliveries are taken until then")
    func replaces() async throws {
        try await bench.prepare()
        try await bench.register()
        let standing = bench.vipps.webhooks
        #expect(
            try await opened(standing) == ["secret-of-\(standing[0].webhookID)", "secret-of-\(standing[1].webhookID)"])
        try await bench.hear(RegisterWebhook(agreementID: bench.agreement, requestedBy: bench.user, requestedAt: .now))
        #expect(try await opened(standing).count == 2, "deliveries were refused before others could come")
        try await bench.worker.runDueJobs()
        let now = bench.vipps.webhooks
        #expect(try await opened(standing) == [], "a stolen secret still opens the door")
        #expect(try await opened(now).count == 2)
        #expect(Set(now.map(\.events)) == Set(standing.map(\.events)) && now.count == standing.count)
        #expect(Set(now.map(\.webhookID)).isDisjoint(with: standing.map(\.webhookID)))
        #expect(Set(now.map(\.url)).isDisjoint(with: standing.map(\.url)))
        #expect(try await bench.told(WebhookRegistered.self).count == 4)
        try await bench.store.queueWebhookWatch(at: bench.clock.now)
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.webhooks == now, "replaced once more by a look")
    }

    /// The secrets that deliveries to these addresses are verified with.
    private func opened(_ webhooks: [ListedWebhook]) async throws -> [String] {
        let store = SQLiteWebhookStore(
            database: bench.database, messages: bench.messages, sealing: GatewayKeys.shared.sealing,
            opening: GatewayKeys.shared.opening, recorder: nil)
        var secrets: [String] = []
        for webhook in webhooks {
            guard
                let known = try await store.registration(token: String(webhook.url.dropFirst(SetupBench.prefix.count))),
                let secret = store.secret(of: known)
            else { continue }
            secrets.append(String(decoding: secret, as: UTF8.self))
        }
        return secrets
    }

    @Test("asked again replaces them also where the sales unit came from another agreement") func moved() async throws {
        try await bench.prepare()
        try await bench.register()
        let standing = bench.vipps.webhooks
        let other = AgreementID(UUID())
        try await bench.hear(bench.agreementSaved(other))
        try await bench.hear(bench.unitSaved(agreement: other))
        try await bench.hear(RegisterWebhook(agreementID: other, requestedBy: bench.user, requestedAt: .now))
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.webhooks.count == 2)
        #expect(Set(bench.vipps.webhooks.map(\.webhookID)).isDisjoint(with: standing.map(\.webhookID)))
    }

    @Test("asked again and answered by nothing still ends with one a topic", arguments: [1, 2])
    func replacesAfterLostAnswer(times: Int) async throws {
        try await bench.prepare()
        try await bench.register()
        let standing = bench.vipps.webhooks
        bench.vipps.with { $0.lostAnswers["register"] = times }
        try await bench.register()
        try await bench.turnUntilDone(4)
        #expect(bench.vipps.webhooks.count == 2)
        #expect(Set(bench.vipps.webhooks.map(\.webhookID)).isDisjoint(with: standing.map(\.webhookID)))
    }

    @Test("watches quietly, and renews what has gone")
    func watch() async throws {
        try await bench.prepare()
        try await bench.register()
        try await bench.store.queueWebhookWatch(at: bench.clock.now)
        try await bench.store.queueWebhookWatch(at: bench.clock.now)
        try await bench.worker.runDueJobs()
        #expect(try await bench.told(WebhookRegistered.self).count == 2)
        bench.vipps.with { _ = $0.webhooks.removeLast() }
        try await bench.store.queueWebhookWatch(at: bench.clock.now)
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.webhooks.count == 2)
        #expect(try await bench.told(WebhookRegistered.self).map(\.kind).last == .checkIns)
        #expect(try await bench.told(WebhookRegistered.self).count == 3)
    }

    @Test("clears up after a lost answer: one registration a topic, with a secret we know", arguments: [1, 2])
    func lostAnswer(times: Int) async throws {
        try await bench.prepare()
        bench.vipps.with { $0.lostAnswers["register"] = times }
        try await bench.register()
        try await bench.turnUntilDone(4)
        #expect(bench.vipps.webhooks.count == 2)
        for topic in WebhookTopic.allCases {
            #expect(bench.vipps.webhooks.count { $0.events == Set(topic.events) } == 1)
        }
        #expect(try await bench.told(WebhookRegistered.self).count == 2)
    }

    @Test("leaves another system's check-in place alone and says so once")
    func taken() async throws {
        let other = ListedWebhook(
            webhookID: "w0", url: "https://other.example/secret-path", events: Set(WebhookTopic.checkIns.events))
        try await bench.prepare()
        bench.vipps.with { $0.webhooks = [other] }
        try await bench.register()
        for _ in 0..<3 {
            try await bench.store.queueWebhookWatch(at: bench.clock.now)
            try await bench.worker.runDueJobs()
        }
        #expect(bench.vipps.webhooks.contains(other))
        let missing = try await bench.told(WebhookMissing.self)
        #expect(missing.map(\.reason) == [.takenByAnother])
        #expect(missing.first?.detail?.contains("other.example") == true)
        #expect(missing.first?.detail?.contains("secret-path") == false)
        bench.vipps.with { $0.webhooks.removeAll { $0.webhookID == "w0" } }
        try await bench.store.queueWebhookWatch(at: bench.clock.now)
        try await bench.worker.runDueJobs()
        #expect(Set(try await bench.told(WebhookRegistered.self).map(\.kind)) == [.payments, .checkIns])
    }

    @Test("tells of a refusal for one topic and still registers the other")
    func refusedTopic() async throws {
        try await bench.prepare()
        let refusal = Refusal(code: Refusal.OwnCode.invalidRequest, httpStatus: 400, detail: "too many")
        bench.vipps.with { $0.troubles["register"] = [.refused(refusal)] }
        try await bench.register()
        #expect(try await bench.told(WebhookMissing.self).map(\.kind) == [.payments])
        #expect(try await bench.told(WebhookRegistered.self).map(\.kind) == [.checkIns])
    }

    @Test("registers for a sales unit that is saved later")
    func laterUnit() async throws {
        try await bench.hear(bench.agreementSaved())
        try await bench.register()
        #expect(try await bench.told(SetupFailed.self).map(\.command) == [RegisterWebhook.type])
        try await bench.hear(bench.unitSaved())
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.webhooks.count == 2)
    }

    @Test("keeps two tenants with the same MSN apart")
    func twoTenants() async throws {
        try await bench.prepare()
        try await bench.register()
        let standing = bench.vipps.webhooks
        let other = TenantID(UUID())
        let agreement = AgreementID(UUID())
        try await bench.hear(bench.agreementSaved(agreement), tenant: other)
        try await bench.hear(bench.unitSaved(SalesUnitID(UUID()), agreement: agreement), tenant: other)
        try await bench.hear(RegisterWebhook(agreementID: agreement, requestedAt: bench.clock.now), tenant: other)
        try await bench.worker.runDueJobs()
        #expect(Array(bench.vipps.webhooks.prefix(2)) == standing)
        #expect(bench.vipps.webhooks.count == 3)
        #expect(try await bench.told(WebhookMissing.self).map(\.reason) == [.takenByAnother])
    }
}

@Suite("The worker of set-up", .timeLimit(.minutes(1))) struct SetupWorkerTests {
    private let bench: SetupBench
    init() throws { bench = try SetupBench() }

    /// Runs the worker while `body` does.
    private func running(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [bench] in try await bench.worker.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Waits for the commits that tell something until it is so. A wait that is cancelled returns at once, so the loop ends.
    private func tellsUntil(_ isSo: () async throws -> Bool) async throws {
        while try await !isSo() {
            try Task.checkCancellation()
            await bench.messages.appended.wait()
        }
    }

    private func keysTold(_ agreement: AgreementID) async throws {
        try await tellsUntil { try await bench.told(KeysChecked.self).contains { $0.agreementID == agreement } }
    }

    /// Both webhooks stand, and the look that made them is off the list: before that no other is begun.
    private func webhooksStand() async throws {
        try await tellsUntil { bench.vipps.webhooks.count == 2 }
        while try await bench.database.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM setup_job") }) != 0 {}
    }

    @Test("is woken by the commit that queues a job")
    func woken() async throws {
        try await running {
            try await bench.hear(bench.agreementSaved())
            try await keysTold(bench.agreement)
        }
    }

    @Test("goes on with what an earlier process left on disk")
    func leftBehind() async throws {
        try await bench.hear(bench.agreementSaved())
        try await running { try await keysTold(bench.agreement) }
    }

    @Test("lets no agreement wait for another's slow answers")
    func fence() async throws {
        let signal = WakeSignal()
        let other = AgreementID(UUID())
        bench.vipps.slow.withLock { $0 = (bench.agreement, signal) }
        try await running {
            try await bench.hear(bench.agreementSaved())
            try await bench.hear(bench.agreementSaved(other))
            try await keysTold(other)
            #expect(try await bench.told(KeysChecked.self).count == 1)
            signal.wake()
            try await keysTold(bench.agreement)
        }
    }

    @Test("does a job that was put off when the clock is set back by hours, and not before its time otherwise")
    func clockSetBack() async throws {
        try await bench.hear(bench.agreementSaved())
        bench.vipps.with { $0.troubles["check"] = [SetupAtVipps.noAnswer, SetupAtVipps.noAnswer] }
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.acts.count == 1)
        bench.clock.turn(by: -5 * 3600)
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.acts.count == 2)
        bench.clock.turn(by: 1.5)
        try await bench.worker.runDueJobs()
        #expect(bench.vipps.acts.count == 2)
        bench.clock.turn(by: 0.5)
        try await bench.worker.runDueJobs()
        #expect(try await bench.told(KeysChecked.self).map(\.agreementID) == [bench.agreement])
    }

    @Test("looks at the webhooks by itself when it starts")
    func watchesAtStart() async throws {
        try await bench.prepare()
        try await bench.register()
        bench.vipps.with { $0.webhooks = [] }
        try await running {
            try await webhooksStand()
        }
    }

    @Test("looks at the webhooks every hour", arguments: 1...2)
    func watchesHourly(hours: Int) async throws {
        try await bench.prepare()
        try await bench.register()
        bench.vipps.with { $0.webhooks = [] }
        try await running {
            try await webhooksStand()
            for _ in 0..<hours {
                bench.vipps.with { $0.webhooks = [] }
                bench.clock.turn(by: 3600)
                try await webhooksStand()
            }
        }
    }
}

@Suite("Set-up of merchant QRs", .timeLimit(.minutes(1))) struct SetupMerchantQRTests {
    private let bench: SetupBench
    init() throws { bench = try SetupBench() }

    private func put(_ id: String) -> CreateMerchantQR {
        CreateMerchantQR(
            salesUnitID: bench.unit, merchantQRID: id, locationDescription: "Till 1", requestedAt: bench.clock.now)
    }

    @Test("makes, lists, shows and deletes in the order asked")
    func order() async throws {
        try await bench.prepare()
        try await bench.hear(put("till-1"))
        try await bench.hear(
            ShowMerchantQR(salesUnitID: bench.unit, merchantQRID: "till-1", requestedAt: bench.clock.now))
        try await bench.hear(
            DeleteMerchantQR(salesUnitID: bench.unit, merchantQRID: "till-1", requestedAt: bench.clock.now))
        // Trouble with the first holds the others back, so that the deletion stands last.
        bench.vipps.with { $0.troubles["put"] = [SetupAtVipps.noAnswer, SetupAtVipps.noAnswer] }
        try await bench.worker.runDueJobs()
        #expect(!bench.vipps.acts.contains("remove till-1"))
        try await bench.turnUntilDone(3)
        #expect(try await bench.told(MerchantQRsSynced.self).map(\.codes.count) == [1, 0])
        #expect(try await bench.told(MerchantQRImageFetched.self).map(\.svg) == ["<svg></svg>"])
        #expect(try await bench.told(SetupFailed.self).isEmpty)
    }

    @Test("gives up in the end and goes on with what waits behind")
    func givesUp() async throws {
        try await bench.prepare()
        bench.vipps.with {
            $0.troubles["put"] = Array(repeating: SetupAtVipps.noAnswer, count: SetupPatience.attemptsMax)
        }
        try await bench.hear(put("till-1"))
        try await bench.hear(SyncMerchantQRs(salesUnitID: bench.unit, requestedAt: bench.clock.now))
        try await bench.turnUntilDone()
        let failed = try await bench.told(SetupFailed.self)
        #expect(failed.map(\.command) == [CreateMerchantQR.type])
        #expect(failed.first?.subjectID == "till-1")
        #expect(try await bench.told(MerchantQRsSynced.self).count == 1)
    }

    @Test("takes a conflict for its own lost answer only when the code is in its list")
    func conversion() async throws {
        try await bench.prepare()
        let beacon = "123456789012345"
        let command = ConvertMobilePayQR(
            salesUnitID: bench.unit, beaconID: beacon, locationDescription: "Till 2", requestedAt: bench.clock.now)
        bench.vipps.with { $0.lostAnswers["convert"] = 1 }
        try await bench.hear(command)
        try await bench.turnUntilDone(2)
        #expect(try await bench.told(SetupFailed.self).isEmpty)
        #expect(try await bench.told(MerchantQRsSynced.self).last?.codes.map(\.merchantQRID) == [beacon])

        let conflict = Refusal(code: "unexpected-answer", httpStatus: 409, detail: "conflict")
        bench.vipps.with {
            $0.codes = [:]
            $0.troubles["convert"] = [.refused(conflict)]
        }
        try await bench.hear(command)
        try await bench.worker.runDueJobs()
        let failed = try #require(try await bench.told(SetupFailed.self).first)
        #expect(failed.failure.httpStatus == 409)
        #expect(failed.failure.detail.contains("another sales unit"))
    }

    @Test("refuses an id that no code can have", arguments: ["", String(repeating: "x", count: 129)])
    func badID(id: String) async throws {
        try await bench.prepare()
        try await bench.hear(put(id))
        try await bench.worker.runDueJobs()
        #expect(try await bench.told(SetupFailed.self).count == 1)
        #expect(!bench.vipps.acts.contains { $0.hasPrefix("put") })
    }
}
