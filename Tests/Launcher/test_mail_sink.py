"""The mail sink: keeps what it took, shows it safely, and fails on request."""

import smtplib
from email.message import EmailMessage

import pytest

from launcher.web import Client


@pytest.fixture
def product(make_product):
    product = make_product(with_mail_sink=True, services=[], with_front_door=False)
    product.start()
    return product


@pytest.fixture
def page(product):
    return Client(product.mail_url)


def mail(subject="Kvittering", html="<p>Kjøpet ditt</p>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "till@example.com", "kunde@example.com"
    message["Message-ID"] = "<sale-1@example.com>"
    message.set_content("Kjøpet ditt: 2 boller")
    message.add_alternative(html, subtype="html")
    return message


def send(product, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", product.ports.smtp, timeout=10) as smtp:
        smtp.send_message(message)


def test_a_mail_is_kept_with_both_its_parts(product, page):
    send(product, mail())
    [kept] = page.get("/messages.json?count=1&timeout=5").json()
    assert kept["subject"] == "Kvittering"
    assert (kept["from"], kept["to"]) == ("till@example.com", ["kunde@example.com"])
    assert kept["text"].strip() == "Kjøpet ditt: 2 boller"
    assert kept["html"].strip() == "<p>Kjøpet ditt</p>"
    assert kept["messageID"] == "<sale-1@example.com>"
    assert b"Subject: Kvittering" in page.get("/messages/1/raw").body


def test_mails_survive_a_kill(product, page):
    send(product, mail())
    product.kill("mail-sink")
    product.start_service("mail-sink")
    product.wait_ready("mail-sink")
    send(product, mail("Second"))
    assert [kept["subject"] for kept in page.get("/messages.json").json()] == ["Kvittering", "Second"]


def test_a_stranger_s_html_is_caged(product, page):
    send(product, mail("<b>bold</b>", '<script>alert(1)</script><img src="https://spy.example.com/x">'))
    answer = page.get("/messages/1")
    assert '<iframe sandbox=""' in answer.text
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text
    assert "<b>bold</b>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<b>bold</b>" not in page.get("/").text


def test_it_refuses_for_a_while_and_then_takes(product, page):
    assert page.post("/control", {"refuse": 1}).json()["refuse"] == 1
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(product, mail())
    assert refusal.value.smtp_code == 451
    send(product, mail())
    assert len(page.get("/messages.json").json()) == 1


def test_it_refuses_for_good(product, page):
    page.post("/control", {"reject": 1})
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(product, mail())
    assert refusal.value.smtp_code == 550


@pytest.mark.parametrize("fault, kept", [("drop", 1), ("lose", 0)])
def test_the_connection_breaks_after_the_mail_was_sent(product, page, fault, kept):
    page.post("/control", {fault: 1})
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(product, mail())
    assert len(page.get("/messages.json").json()) == kept
    send(product, mail())
    assert len(page.get("/messages.json").json()) == kept + 1


@pytest.mark.parametrize("wish, word", [({"refuse": -1}, "refuse"), ({"refuse": True}, "refuse"), ({"explode": 1}, "explode"),
                                        ({"delay": "x"}, "delay"), ([], "object"), ({}, "object")])
def test_a_wrong_control_is_refused_with_the_reason(page, wish, word):
    answer = page.post("/control", wish)
    assert answer.status == 400 and word in answer.json()["error"]


def test_deleting_forgets_all_mails(product, page):
    send(product, mail())
    page.request("DELETE", "/messages")
    assert page.get("/messages.json").json() == []
    assert page.get("/messages/1").status == 404


def test_only_the_newest_five_hundred_are_kept(tmp_path, monkeypatch):
    import sys
    from launcher.paths import TOOLS
    monkeypatch.syspath_prepend(str(TOOLS / "mail-sink"))
    sys.modules.pop("mail_store", None)
    from mail_store import MailStore
    store = MailStore(tmp_path / "mails")
    for number in range(503):
        store.add("a@example.com", ["b@example.com"], b"Subject: %d\r\n\r\nx" % number)
    assert store.numbers() == list(range(4, 504))
    assert len(list((tmp_path / "mails").iterdir())) == 1000
    assert MailStore(tmp_path / "mails").numbers() == store.numbers()
