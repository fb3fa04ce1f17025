import Foundation
import Messaging
import SharedKernel

/// Something that happens at an instant of virtual time. `life` is the run of the service it was meant for: whatever was
/// meant for a process that has died since is lost.
enum Happening {
    case packet(Packet, to: Place)
    case apply(Place, life: Int)
    case heartbeat(Place, life: Int)
    case retention(Place)
    case work(life: Int)
    case sweep(life: Int)
    case request(Int)
    case answer(Int, VippsAPI.Answer)
    case noAnswer(Int, isTimeout: Bool)
    case customer(Int, CustomerAct)
    case portal(Int)
    case webhook(Int)
    case scan(counter: Int)
    case checkIn(Int)
    case cashier(Int)
    case mailer(life: Int)
    case mailStep(MailStep, life: Int)
    case stroke(Place)
    case restart(Place)
    case cut(from: Place, to: Place, until: Int)
    /// Vipps is away (or our keys are) until then.
    case away(until: Int, isKeys: Bool)
    case clockJump(Place, by: Int)
    case calm
}

enum CustomerAct { case beginApproving, stopApproving, approve, decline, expire }

/// Four services, the network between them, Vipps, customers and cashiers, in one thread and by one clock.
///
/// The services decide with their real cores. Identifiers that use cases make are by chance and differ between two runs of
/// a seed; nothing depends on them, and the trace does not show them.
final class World {
    let chance: Chance
    private(set) var weather: Weather
    let sabotage: Sabotage?
    private(set) var now = 0
    private var queue = EventQueue<Happening>()
    var isCalm = false
    var figures = Figures()
    var judge = Judge()
    var trace: Trace

    // Services.
    var isOn = Place.allCases.map { _ in true }
    var lives = Place.allCases.map { _ in 0 }
    var buses: [BusEnd] = []
    let till: TillStore
    var gateway: Disk<GatewayContent>
    var finance: Disk<FinanceContent>
    var relay: Disk<RelayContent>
    var worker = WorkerMemory()

    // The rest of the world.
    var library: [MessageID: Letter] = [:]
    var cutUntil: [Int] = Array(repeating: 0, count: Place.allCases.count * Place.allCases.count)
    var vipps: VippsModel
    var vippsAwayUntil = 0
    var keysAwayUntil = 0
    /// A limit kept by a clock cannot be kept over a jump of that clock.
    var limitsExcusedUntil = 0
    /// Milliseconds by which the gateway's clock was set back. A watch by that clock takes so much longer.
    var setBack = 0
    var wire = Wire()
    var deliveries = Deliveries()
    var mailServer = MailServer()
    var cashiers: [Cashier] = []
    /// When the customer approved, by reference, until the sale knows what became of it.
    var approvals: [String: Int] = [:]

    /// Virtual time is milliseconds after this.
    static let origin = Date(timeIntervalSince1970: 1_790_000_000)
    static let openFor = 240_000
    /// All must be settled so long after the weather has cleared: the customer's ten minutes, and then some.
    static let settledWithin = 1_800_000
    /// Acts in the portal whose webhooks were lost are seen by the daily look.
    static let watchedFor = 93_600_000

    let start = ContinuousClock().now

    init(seed: UInt64, sabotage: Sabotage?, isTraced: Bool) throws {
        chance = Chance(seed: seed)
        // Drawn apart, so that a new kind of trouble does not turn every known seed into another.
        weather = Weather(Chance(seed: seed ^ 0x7765_6174_6865_7221))
        self.sabotage = sabotage
        trace = Trace(isKept: isTraced)
        let shop = try Shop(chance, at: Self.origin)
        till = TillStore(shop: shop, epoch: "till", at: Self.origin, sabotage: sabotage)
        gateway = Disk(GatewayContent(), epoch: "gateway", sabotage: sabotage)
        finance = Disk(FinanceContent(), epoch: "finance", sabotage: sabotage)
        relay = Disk(RelayContent(), epoch: "relay", sabotage: sabotage)
        vipps = VippsModel(
            keepsPassingRefusals: weather.keepsPassingRefusals, isPushAllowed: weather.isPushAllowed)
        buses = Place.allCases.map { BusEnd($0) }
        for place in Place.allCases { startBus(place) }
        openShop(shop)
        arrangeTrouble()
    }

    // MARK: Time

    func happens(_ happening: Happening, in delay: Int) { queue.add(happening, at: now + max(0, delay)) }

    /// A service's own clock.
    func clock(_ place: Place) -> Date { date(now + weather.clockOffsets[place.rawValue]) }

    func date(_ instant: Int) -> Date { Self.origin.addingTimeInterval(Double(instant) / 1000) }

    /// Milliseconds until a service's clock shows `instant`.
    func delay(until instant: Date, by place: Place) -> Int {
        Int((instant.timeIntervalSince(clock(place)) * 1000).rounded(.up))
    }

    var busInstant: ContinuousClock.Instant { start + .milliseconds(now) }

    // MARK: Running

    func run() async {
        await advance { $0.isCalm && $0.isQuiet }
        if judge.isContent {
            if isQuiet {
                judge.settled(self, portalIsSeen: false)
            } else {
                judge.object("everything settles", unsettled)
            }
        }
        guard judge.isContent else { return }
        let end = now + Self.watchedFor
        await advance { $0.now >= end }
        if judge.isContent { judge.settled(self, portalIsSeen: true) }
    }

    private func advance(until isDone: (World) -> Bool) async {
        let isLimited = !isCalm
        while judge.isContent, !isDone(self), let (at, happening) = queue.next() {
            guard !isLimited || at <= Self.openFor + Self.settledWithin + setBack else { return }
            now = max(now, at)
            judge.now = now
            figures.steps += 1
            if case .cashier(let index) = happening {
                await cashierActs(index)
            } else {
                take(happening)
            }
        }
    }

    private func take(_ happening: Happening) {
        switch happening {
        case .packet(let packet, let place): if isOn[place.rawValue] { receive(packet, at: place) }
        case .apply(let place, let life): if isAlive(place, life) { applyReady(place) }
        case .heartbeat(let place, let life): if isAlive(place, life) { beat(place) }
        case .retention(let place): if isOn[place.rawValue] { retain(place) }
        case .work(let life): if isAlive(.gateway, life) { workIsDue() }
        case .sweep(let life): if isAlive(.gateway, life) { sweep(all: false) }
        case .request(let call): requestArrives(call)
        case .answer(let call, let answer): answerArrives(call, .answer(answer))
        case .noAnswer(let call, let isTimeout): answerArrives(call, isTimeout ? .timeout : .connectionLost)
        case .customer(let index, let act): customerActs(index, act)
        case .portal(let index): portalActs(index)
        case .webhook(let index): deliverWebhook(index)
        case .scan(let counter): scan(counter)
        case .checkIn(let index): deliverCheckIn(index)
        case .cashier: break
        case .mailer(let life): if isAlive(.relay, life) { sendMail() }
        case .mailStep(let step, let life): if isAlive(.relay, life) { mailGoesOn(step) }
        case .stroke(let place): if !isCalm { powerGoes(place, "stroke") }
        case .restart(let place): restart(place)
        case .cut(let from, let to, let until): cutUntil[from.rawValue * Place.allCases.count + to.rawValue] = until
        case .away(let until, let isKeys): if isKeys { keysAwayUntil = until } else { vippsAwayUntil = until }
        case .clockJump(let place, let step): jump(place, by: step)
        case .calm: becomeCalm()
        }
    }

    private func jump(_ place: Place, by step: Int) {
        trace.note(now, "\(place): the clock jumps by \(step / 1000) s")
        weather.clockOffsets[place.rawValue] += step
        guard place == .gateway else { return }
        limitsExcusedUntil = now + 61_000
        if step < 0 {
            setBack -= step
            if isOn[place.rawValue] { return sweep(all: true) }  // The worker notices.
        }
        planWork()
    }

    func isAlive(_ place: Place, _ life: Int) -> Bool { isOn[place.rawValue] && lives[place.rawValue] == life }
}
