import Foundation
import PointOfSale
import SharedKernel
import Testing

@Suite("Value added tax") struct ValueAddedTaxTests {
    @Test(
        "is the part inside the price, rounded half away from zero",
        arguments: [
            (Int64(12_500), 2500, Int64(2_500)), (100, 2500, 20), (1, 2500, 0), (3, 2500, 1), (2, 2500, 0),
            (4_900, 1500, 639), (100, 0, 0), (1, 10_000, 1), (-12_500, 2500, -2_500), (-3, 2500, -1),
        ]) func inside(gross: Int64, rate: Int, tax: Int64) throws
    {
        #expect(try VATRate(basisPoints: rate).tax(inside: .øre(gross)) == .øre(tax))
    }

    @Test("does not overflow for the dearest line there can be") func largest() throws {
        let gross = Money.øre(Money.amountMax * 9_999)
        #expect(try VATRate(basisPoints: 10_000).tax(inside: gross) == .øre(gross.minorUnits / 2))
    }

    @Test("refuses rates that are none", arguments: [-1, 10_001, .max, .min]) func refused(rate: Int) {
        #expect(throws: Invalid.self) { try VATRate(basisPoints: rate) }
    }

    @Test("of a sale is the sum of its lines, by rate") func totals() {
        let sale = Sale.empty
            .after(.addProduct(product(1, .øre(4_900), .food), quantity: 3, lineID: .no(1)))
            .after(.addProduct(product(2, .øre(12_900), .full), quantity: 1, lineID: .no(2)))
            .after(.addProduct(product(3, .øre(3_900), .food), quantity: 1, lineID: .no(3)))
        #expect(sale.total == .øre(14_700 + 12_900 + 3_900))
        #expect(sale.taxes.map(\.rate) == [.food, .full])
        #expect(sale.taxes[0].gross == .øre(18_600))
        #expect(sale.taxes[0].tax == .øre(1_917 + 509))
        #expect(sale.tax == sale.taxes.map(\.tax).sum(in: .nok))
        #expect(sale.taxes[1].net + sale.taxes[1].tax == .øre(12_900))
    }
}

@Suite("A basket") struct BasketTests {
    @Test("counts the same product on one line") func same() {
        let sale = Sale.hundred.after(.addProduct(product(), quantity: 2, lineID: .no(2)))
        #expect(sale.lines.count == 1)
        #expect(sale.lines[0].quantity == 3)
    }

    @Test("gives a product with changed price or discount a line of its own") func changed() {
        let discounted = Sale.hundred.after(.changeDiscount(.no(1), .rate(1_000)))
        #expect(discounted.total == .kr(90))
        #expect(discounted.after(.addProduct(product(), quantity: 1, lineID: .no(2))).lines.count == 2)
        let repriced = Sale.hundred.after(.changePrice(.no(1), .kr(80)))
        #expect(repriced.after(.addProduct(product(), quantity: 1, lineID: .no(2))).total == .kr(180))
    }

    @Test("takes an amount off a whole line") func amount() {
        let sale = Sale.hundred.after(.changeQuantity(.no(1), 3)).after(.changeDiscount(.no(1), .amount(.kr(50))))
        #expect(sale.total == .kr(250))
        #expect(sale.tax == .kr(50))
    }

    @Test("forgets a removed line") func removed() {
        #expect(Sale.hundred.after(.removeLine(.no(1))).total == .kr(0))
    }

    @Test("refuses quantities that are none", arguments: [0, -1, 10_000, .max, .min]) func quantity(quantity: Int) {
        let expected = SaleRejection.quantityOutOfRange(max: 9_999)
        #expect(throws: expected) { try Sale.hundred.decide(.changeQuantity(.no(1), quantity), moment()) }
        #expect(throws: expected) {
            try Sale.hundred.decide(.addProduct(product(), quantity: quantity, lineID: .no(2)), moment())
        }
    }

    @Test("refuses prices beyond a payment's limit, negative ones and other currencies") func price() {
        for price in [Money.øre(-1), .øre(Money.amountMax + 1), .øre(.max), .øre(.min)] {
            #expect(throws: SaleRejection.priceOutOfRange(max: Money.amountMax)) {
                try Sale.hundred.decide(.changePrice(.no(1), price), moment())
            }
        }
        #expect(throws: SaleRejection.wrongCurrency(field: "unitPrice", expected: .nok)) {
            try Sale.hundred.decide(.changePrice(.no(1), Money(minorUnits: 100, currency: .eur)), moment())
        }
    }

    @Test(
        "refuses discounts beyond the line",
        arguments: [Discount.amount(.øre(10_001)), .amount(.øre(-1)), .amount(.øre(.min)), .rate(10_001), .rate(-1)])
    func discount(discount: Discount) {
        #expect(throws: SaleRejection.discountOutOfRange) {
            try Sale.hundred.decide(.changeDiscount(.no(1), discount), moment())
        }
    }

    @Test("refuses a discount that a smaller quantity would turn into a gift") func shrinking() {
        let sale = Sale.hundred.after(.changeQuantity(.no(1), 3)).after(.changeDiscount(.no(1), .amount(.kr(250))))
        #expect(throws: SaleRejection.discountOutOfRange) { try sale.decide(.changeQuantity(.no(1), 2), moment()) }
    }

    @Test("holds 200 lines of the dearest kind without overflow, and not one more") func full() throws {
        var sale = Sale.empty
        for number in 1...200 {
            let dear = product(number, .øre(Money.amountMax))
            sale = sale.after(.addProduct(dear, quantity: 9_999, lineID: .no(number)))
        }
        #expect(sale.total == .øre(Money.amountMax * 9_999 * 200))
        #expect(sale.tax.isPositive)
        #expect(throws: SaleRejection.tooManyLines(max: 200)) {
            try sale.decide(.addProduct(product(201), quantity: 1, lineID: .no(201)), moment())
        }
    }

    @Test("is parked and resumed at another till") func parked() throws {
        let parked = Sale.hundred.after(.park)
        #expect(parked.state == .parked)
        #expect(try parked.decide(.park, moment()).isEmpty)
        #expect(throws: SaleRejection.parked) { try parked.decide(.changeQuantity(.no(1), 2), moment()) }
        let resumed = parked.after(.resume(at: .no(5)))
        #expect(resumed.state == .open)
        #expect(resumed.agentInstanceID == .no(5))
        #expect(throws: SaleRejection.notParked) { try resumed.decide(.resume(at: nil), moment()) }
    }

    @Test("cannot change while a payment is under way, and can again afterwards") func locked() throws {
        let paying = Sale.hundred.paying()
        for command in [
            SaleCommand.removeLine(.no(1)), .changeQuantity(.no(1), 2),
            .addProduct(product(2), quantity: 1, lineID: .no(2)),
        ] {
            #expect(throws: SaleRejection.paymentUnderWay) { try paying.decide(command, moment()) }
        }
        #expect(throws: SaleRejection.paymentUnderWay) { try paying.decide(.park, moment()) }
        #expect(paying.linesAreLocked)
        let free = paying.hearing(.aborted)
        #expect(!free.linesAreLocked)
        #expect(free.after(.changeQuantity(.no(1), 2)).due == .kr(200))
    }

    @Test("never costs less than what is already paid") func paidInPart() {
        let sale = Sale.hundred.after(.changeQuantity(.no(1), 3)).payingCash(9, .kr(150))
        #expect(sale.due == .kr(150))
        #expect(throws: SaleRejection.belowReceived(received: .kr(150))) {
            try sale.decide(.changeQuantity(.no(1), 1), moment())
        }
        #expect(throws: SaleRejection.belowReceived(received: .kr(150))) {
            try sale.decide(.removeLine(.no(1)), moment())
        }
    }

    @Test("that costs nothing is completed by hand, one that costs something is not") func free() throws {
        let free = Sale.hundred.after(.changeDiscount(.no(1), .rate(10_000)))
        #expect(free.after(.complete).isCompleted)
        #expect(throws: SaleRejection.stillDue(.kr(100))) { try Sale.hundred.decide(.complete, moment()) }
        #expect(throws: SaleRejection.noLines) { try Sale.empty.decide(.complete, moment()) }
    }

    @Test("that has ended refuses everything") func ended() {
        let ended = Sale.hundred.after(.abandon)
        for command in [
            SaleCommand.park, .resume(at: nil), .complete, .abandon, .removeLine(.no(1)), .setInvoiceEmail(nil),
            .startPayment(order()),
        ] {
            #expect(throws: SaleRejection.ended) { try ended.decide(command, moment()) }
        }
    }
}

@Suite("The words of a payment") struct PaymentWordsTests {
    let identifier = SaleIdentifier(unitCode: "GRUNER02", number: 9_999_999_999)

    @Test("are a reference that Vipps takes") func reference() throws {
        let payment = PaymentID("01932c5e-1111-7222-8333-abcdef012345")!
        let reference = SaleIdentifier(unitCode: "OSL", number: 1_000_001).reference(attempt: 2, payment: payment)
        #expect(reference == "OSL-1000001-2-ef012345")
        #expect(try #/[a-zA-Z0-9-]{8,64}/#.wholeMatch(in: identifier.reference(attempt: 50, payment: payment)) != nil)
    }

    @Test("are a description of at most 100 characters") func description() {
        #expect(
            SaleIdentifier(unitCode: "OSL", number: 1_000_001).description(tenantName: "Fjellheim")
                == "Fjellheim: payment for sale OSL-1000001")
        let long = identifier.description(tenantName: String(repeating: "Å", count: 200))
        #expect(long.count == 100)
        #expect(long.hasSuffix(": payment for sale GRUNER02-9999999999"))
    }
}
