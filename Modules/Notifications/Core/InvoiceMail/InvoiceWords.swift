import SharedKernel

/// The fixed words of an invoice mail in one language.
struct InvoiceWords {
    let receipt: String
    let thanks: String
    let sale: String
    let date: String
    let item: String
    let quantity: String
    let price: String
    let discount: String
    let amount: String
    let total: String
    let taxRate: String
    let withoutTax: String
    let tax: String
    let ofWhichTax: String
    let payments: String
    let change: String
    let noReply: String
}

extension Language {
    var words: InvoiceWords {
        switch self {
        case .en:
            InvoiceWords(
                receipt: "Receipt", thanks: "Thank you for your purchase.", sale: "Sale", date: "Date",
                item: "Item", quantity: "Quantity", price: "Price", discount: "Discount", amount: "Amount",
                total: "Total", taxRate: "VAT rate", withoutTax: "Excluding VAT", tax: "VAT",
                ofWhichTax: "Of which VAT", payments: "Payments", change: "Change given",
                noReply: "This mail was sent by the shop’s till and cannot be answered.")
        case .nb:
            InvoiceWords(
                receipt: "Kvittering", thanks: "Takk for handelen.", sale: "Salg", date: "Dato",
                item: "Vare", quantity: "Antall", price: "Pris", discount: "Rabatt", amount: "Beløp", total: "Totalt",
                taxRate: "Mva.-sats", withoutTax: "Uten mva.", tax: "Mva.", ofWhichTax: "Herav mva.",
                payments: "Betalinger", change: "Vekslepenger",
                noReply: "E-posten er sendt fra butikkens kasse og kan ikke besvares.")
        case .da:
            InvoiceWords(
                receipt: "Kvittering", thanks: "Tak for dit køb.", sale: "Salg", date: "Dato",
                item: "Vare", quantity: "Antal", price: "Pris", discount: "Rabat", amount: "Beløb", total: "I alt",
                taxRate: "Momssats", withoutTax: "Uden moms", tax: "Moms", ofWhichTax: "Heraf moms",
                payments: "Betalinger", change: "Byttepenge",
                noReply: "E-mailen er sendt fra butikkens kasse og kan ikke besvares.")
        case .fi:
            InvoiceWords(
                receipt: "Kuitti", thanks: "Kiitos ostoksestasi.", sale: "Myynti", date: "Päiväys",
                item: "Tuote", quantity: "Määrä", price: "Hinta", discount: "Alennus", amount: "Summa",
                total: "Yhteensä", taxRate: "ALV-kanta", withoutTax: "Veroton", tax: "ALV",
                ofWhichTax: "Sis. ALV", payments: "Maksut", change: "Vaihtoraha",
                noReply: "Viesti on lähetetty myymälän kassalta, eikä siihen voi vastata.")
        case .sv:
            InvoiceWords(
                receipt: "Kvitto", thanks: "Tack för ditt köp.", sale: "Försäljning", date: "Datum",
                item: "Vara", quantity: "Antal", price: "Pris", discount: "Rabatt", amount: "Belopp",
                total: "Totalt", taxRate: "Momssats", withoutTax: "Utan moms", tax: "Moms",
                ofWhichTax: "Varav moms", payments: "Betalningar", change: "Växel",
                noReply: "Mejlet skickades från butikens kassa och kan inte besvaras.")
        }
    }
}
