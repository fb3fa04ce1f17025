import Foundation
import Notifications
import NotificationsAdapters
import ServiceRuntime
import SharedKernel

/// The settings of every service, and:
///
/// | key | meaning |
/// |---|---|
/// | `SMTP_URL` | `smtp://host:port` (STARTTLS is required, but on this machine) or `smtps://host` |
/// | `SMTP_USER`, `SMTP_PASSWORD_FILE` | optional: how to sign in at the mail server |
/// | `MAIL_FROM` | the address that invoice mails come from |
/// | `TIME_ZONE` | of the shops, `Europe/Oslo` by default: the time of a sale in its mail |
struct NotificationRelaySettings {
    let house: ServiceConfiguration
    let mailServer: SMTPServer
    let sender: MailAddress
    let timeZone: TimeZone

    init(_ settings: SettingsReader) throws {
        house = try ServiceConfiguration(settings)
        var credentials: SMTPServer.Credentials?
        if let user = settings.optionalText("smtp.user") {
            let password = try settings.content(ofFileAt: "smtp.passwordFile")
            credentials = .init(user: user, password: password.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        do {
            mailServer = try SMTPServer(url: settings.text("smtp.url"), credentials: credentials)
        } catch let invalid as SMTPServer.Invalid {
            throw SettingProblem("smtp.url", invalid.description)
        }
        do {
            sender = try MailAddress(settings.text("mail.from"))
        } catch let invalid as Invalid {
            throw SettingProblem("mail.from", invalid.reason)
        }
        let name = settings.optionalText("time.zone") ?? "Europe/Oslo"
        guard let timeZone = TimeZone(identifier: name) else {
            throw SettingProblem("time.zone", "must be a time zone like Europe/Oslo, not «\(name)»")
        }
        self.timeZone = timeZone
    }
}
