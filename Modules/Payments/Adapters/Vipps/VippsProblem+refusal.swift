import Payments

extension VippsProblem {
    /// The problem as a clear no, in the words of the core.
    package var refusal: Refusal {
        Refusal(code: refusalCode, httpStatus: status, detail: detail, traceID: traceID)
    }

    private var refusalCode: String {
        if let code, !code.isEmpty { return code }
        return switch status {
        case 403: Refusal.OwnCode.notAllowed
        case 400 where !fields.isEmpty: Refusal.OwnCode.invalidRequest
        default: Refusal.OwnCode.unexpectedAnswer
        }
    }

    /// Why keys were refused, told by form and code, never by Vipps' words.
    package var keysRefusal: Refusal {
        let detail =
            switch (form, code) {
            case (.identity, "AADSTS700016"), (.identity, "unauthorized_client"):
                "Vipps does not know the client id. Test keys work in test only, production keys in production only."
            case (.identity, "AADSTS7000215"), (.identity, "invalid_client"):
                "Vipps refuses the client secret."
            case (.identity, _):
                "Vipps refuses client id and client secret (\(code ?? "no code"))."
            case (.gateway, _):
                "Vipps refuses the subscription key (Ocp-Apim-Subscription-Key)."
            case (.problem, _), (.other, _):
                "Vipps refuses the keys (HTTP status \(status))."
            }
        return Refusal(
            code: Refusal.OwnCode.keysRefused, httpStatus: status, detail: detail, traceID: traceID)
    }
}
