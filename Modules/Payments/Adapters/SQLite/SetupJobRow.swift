import Foundation
import GRDB
import Payments
import SharedKernel

/// A job with all that is needed to do it and to tell of it.
package struct QueuedSetupJob: Sendable, Hashable {
    package let number: Int64
    package let job: SetupJob
    package let tenantID: TenantID
    package let agreementID: AgreementID
    /// Tries so far.
    package let attempts: Int
    package let cause: Cause
}

/// How a job stands in its row.
enum SetupJobRow {
    static func columns(of job: SetupJob) -> (kind: String, codeID: String?, description: String?) {
        switch job {
        case .checkKeys: ("check-keys", nil, nil)
        case .ensureWebhooks(_, asked: true): ("register-webhooks", nil, nil)
        case .ensureWebhooks(_, asked: false): ("watch-webhooks", nil, nil)
        case .syncMerchantQRs: ("sync-merchant-qrs", nil, nil)
        case .putMerchantQR(_, let codeID, let description): ("put-merchant-qr", codeID, description)
        case .deleteMerchantQR(_, let codeID): ("delete-merchant-qr", codeID, nil)
        case .convertMobilePayQR(_, let codeID, let description): ("convert-mobilepay-qr", codeID, description)
        case .showMerchantQR(_, let codeID): ("show-merchant-qr", codeID, nil)
        }
    }

    /// - Throws: `UnreadableRow` for a row that no version of this program wrote.
    static func read(_ row: Row) throws -> QueuedSetupJob {
        let number: Int64 = row["number"]
        guard let tenantID = TenantID(row["tenant_id"] as String),
            let agreementID = AgreementID(row["agreement_id"] as String),
            let trace = TraceContext(traceparent: row["traceparent"]), let job = job(of: row)
        else { throw UnreadableRow(table: "setup_job", key: "\(number)") }
        return QueuedSetupJob(
            number: number, job: job, tenantID: tenantID, agreementID: agreementID, attempts: row["attempts"],
            cause: Cause(correlationID: row["correlation_id"], causationID: row["causation_id"], trace: trace))
    }

    private static func job(of row: Row) -> SetupJob? {
        let kind: String = row["kind"]
        let unit = (row["sales_unit_id"] as String?).flatMap { SalesUnitID($0) }
        let codeID: String? = row["code_id"]
        let description: String? = row["location_description"]
        switch (kind, unit, codeID, description) {
        case ("check-keys", _, _, _): return .checkKeys
        case ("register-webhooks", let unit?, _, _): return .ensureWebhooks(unit, asked: true)
        case ("watch-webhooks", let unit?, _, _): return .ensureWebhooks(unit, asked: false)
        case ("sync-merchant-qrs", let unit?, _, _): return .syncMerchantQRs(unit)
        case ("put-merchant-qr", let unit?, let codeID?, let description?):
            return .putMerchantQR(unit, merchantQRID: codeID, locationDescription: description)
        case ("delete-merchant-qr", let unit?, let codeID?, _):
            return .deleteMerchantQR(unit, merchantQRID: codeID)
        case ("convert-mobilepay-qr", let unit?, let codeID?, let description?):
            return .convertMobilePayQR(unit, beaconID: codeID, locationDescription: description)
        case ("show-merchant-qr", let unit?, let codeID?, _):
            return .showMerchantQR(unit, merchantQRID: codeID)
        default: return nil
        }
    }
}

/// A row that no version of this program wrote.
struct UnreadableRow: Error, Sendable, CustomStringConvertible {
    let table: String
    let key: String
    var description: String { "row \(key) of \(table) cannot be read" }
}
