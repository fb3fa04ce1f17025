import Foundation
import SharedKernel
import Testing

@Suite("An amount of money") struct MoneyTests {
    private func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

    @Test("is added, taken away and compared in its currency") func arithmetic() {
        #expect(nok(100) + nok(29) == nok(129))
        #expect(nok(100) - nok(129) == nok(-29))
        #expect(nok(1) < nok(2))
        #expect([nok(1), nok(2), nok(3)].sum(in: .nok) == nok(6))
        #expect([Money]().sum(in: .eur) == .zero(.eur))
    }

    @Test("knows its sign", arguments: [(-1, false, false, true), (0, true, false, false), (1, false, true, false)])
    func sign(_ minorUnits: Int64, _ isZero: Bool, _ isPositive: Bool, _ isNegative: Bool) {
        let money = nok(minorUnits)
        #expect(money.isZero == isZero)
        #expect(money.isPositive == isPositive)
        #expect(money.isNegative == isNegative)
    }

    @Test("refuses to meet another currency") func currencies() async {
        await #expect(processExitsWith: .failure) {
            _ = Money(minorUnits: 1, currency: .nok) + Money(minorUnits: 1, currency: .dkk)
        }
    }

    @Test("refuses to overflow") func overflow() async {
        await #expect(processExitsWith: .failure) {
            _ = Money(minorUnits: .max, currency: .nok) + Money(minorUnits: 1, currency: .nok)
        }
    }

    @Test("is written as minor units and currency") func json() throws {
        let json = #"{"currency":"DKK","minorUnits":12900}"#
        let money = Money(minorUnits: 12_900, currency: .dkk)
        #expect(String(decoding: try JSONEncoder.house.encode(money), as: UTF8.self) == json)
        #expect(try JSONDecoder.house.decode(Money.self, from: Data(json.utf8)) == money)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            #"{"currency":"SEK","minorUnits":1}"#, #"{"currency":"NOK","minorUnits":1.5}"#, #"{"minorUnits":1}"#,
            #"{"currency":"NOK","minorUnits":"1"}"#, #"{"currency":"NOK","minorUnits":9223372036854775808}"#,
        ])
    func wrong(_ json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder.house.decode(Money.self, from: Data(json.utf8)) }
    }
}
