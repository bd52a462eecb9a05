"""Asking for mail: inside the caller's transaction, once for a key, and refused with a sentence when it cannot be."""

import email
from datetime import timedelta
from email import policy

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emailqueue import addresses, composition, delivery, services
from emailqueue.composition import File
from emailqueue.models import Attachment, Email, EmailRecipient
from emailqueue.services import statements
from tests.emailqueue.conftest import draft, queued
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("part", "mail"),
    [
        ("to", {"to": ["nobody"]}),
        ("to", {"to": ["a@example.org\nBcc: x@example.org"]}),
        ("to", {"to": ["x" * 392 + "@a.de"]}),
        ("to", {"to": ["a@" + "b" * 390 + ".example"]}),
        ("to", {"to": []}),
        ("cc", {"cc": ["@example.org"]}),
        ("subject", {"subject": "Hello\r\nBcc: x@example.org"}),
        ("subject", {"subject": "Hello\u2028there"}),
        ("subject", {"subject": "x" * 999}),
        ("text", {"text": "a\0b"}),
        ("html", {"html": "\ud800"}),
        ("files", {"files": [File("big", "text/plain", b"x" * 30_000_000)]}),
        ("headers", {"files": [File("a\r\nb", "text/plain", b"x")]}),
        ("headers", {"headers": {"X-A": "a\r\nBcc: x@example.org"}}),
        ("headers", {"headers": {"Bad Name": "a"}}),
        ("headers", {"headers": {"Bcc": "x@example.org"}}),
        ("headers", {"headers": {"X-Long": "x" * 1500}}),
        ("priority", {"priority": 10}),
        (
            "variables",
            {"template": "news", "variables": {"name": "Bob", "paragraphs": [], "act": "Go"}, "text": "", "html": ""},
        ),
        (
            "variables",
            {"template": "news", "variables": {"name": "B", "link": "/", "act": "Go"}, "text": "", "html": ""},
        ),
        ("variables", {"template": "no_such", "text": "", "html": ""}),
        ("to", {"bulk": True, "topic": "news", "to": ["a@example.org", "b@example.org"]}),
        ("to", {"bulk": True}),
    ],
)
def test_a_mail_that_cannot_be_sent_is_refused_when_it_is_asked_for(part, mail):
    with pytest.raises(services.MailRefused) as refused:
        services.enqueue(**({"to": ["bob@example.org"], "subject": "Hello", "text": "Hi"} | mail))

    assert refused.value.part == part
    assert not Email.objects.exists()


def test_a_30_mb_attachment_is_refused_with_the_limit(settings):
    with pytest.raises(services.MailRefused, match=str(settings.EMAIL_ATTACHMENTS_MAX_BYTES)):
        queued(files=[File("big", "text/plain", b"x" * 30_000_000)])


def test_the_same_key_gives_the_first_mail_back_and_another_content_a_conflict():
    first = queued(key="order-7")

    again = queued(key="order-7")

    assert again.pk == first.pk
    assert Email.objects.count() == 1
    with pytest.raises(services.KeyConflict):
        queued(key="order-7", subject="Another one")


def test_one_key_asked_for_by_many_at_once_is_one_mail():
    def ask():
        return queued(key="order-7").pk

    found = race(*[ask] * 6)

    assert len(set(found)) == 1
    assert EmailRecipient.objects.count() == 1


def test_a_thousand_mails_are_queued_in_the_order_in_which_they_are_asked_for():
    mails = [draft(f"p{number}@example.org", subject=str(number)) for number in range(1000)]

    ids = services.enqueue_many(mails=mails)

    assert [Email.objects.get(pk=ids[at]).subject for at in (0, 499, 999)] == ["0", "499", "999"]
    assert EmailRecipient.objects.count() == 1000


def test_workers_are_rung_once_for_a_transaction():
    with transaction.atomic(durable=True):
        for _ in range(5):
            queued()

        waiting = len(connection.run_on_commit)

    assert waiting == 1


def test_djangos_own_mail_api_queues_with_html_files_and_bcc(sink):
    message = EmailMultiAlternatives(
        "Hello", "text", "Hall <hall@example.org>", ["Bob <bob@example.org>"], bcc=["secret@example.org"]
    )
    message.attach_alternative("<p>html</p>", "text/html")
    message.attach("a.txt", "file")
    message.extra_headers = {"Reply-To": "x@example.org", "X-Hall": "yes"}

    assert message.send() == 1
    delivery.deliver_due(bulk=True)

    taken = sink.taken[0]
    assert taken.recipients == ["bob@example.org", "secret@example.org"]
    assert b"secret" not in taken.content
    assert taken.mail["To"].addresses[0].addr_spec == "bob@example.org"
    assert taken.mail["X-Hall"] == "yes"
    assert taken.mail.get_body(("plain",)).get_content().strip() == "text"
    assert taken.mail.get_body(("html",)).get_content().strip() == "<p>html</p>"
    assert [each.get_filename() for each in taken.mail.iter_attachments()] == ["a.txt"]
    assert Attachment.objects.count() == 1


def test_a_mail_that_says_when_it_expires_does(settings):
    until = timezone.now().replace(microsecond=0) + timedelta(minutes=3)
    text = f"{until:%a, %d %b %Y %H:%M:%S} +0000"
    message = EmailMultiAlternatives("Code", "123", to=["bob@example.org"], headers={"Expires": text})

    message.send()

    assert Email.objects.get().expires_at == until


def test_django_sees_what_it_may_not_send_and_says_nothing_when_asked_to(settings):
    with pytest.raises(services.MailRefused):
        django_mail.send_mail("a", "b", None, ["nobody"])

    assert django_mail.send_mail("a", "b", None, ["nobody"], fail_silently=True) == 0


def test_a_mail_to_nobody_visible_shows_nobody(sink):
    queued(to=[], bcc=["bob@example.org"])

    delivery.deliver_due(bulk=True)

    assert sink.taken[0].mail["To"] == "undisclosed-recipients:;"
    assert b"bob@" not in sink.taken[0].content


def test_addresses_beyond_ascii_go_out_as_the_server_takes_them(sink):
    queued("jörg@bücher.example", "ada@bücher.example")

    delivery.deliver_due(bulk=True)

    assert sink.taken[0].recipients == ["jörg@xn--bcher-kva.example", "ada@xn--bcher-kva.example"]


def test_a_template_gives_text_and_html_and_escapes_what_it_is_given(sink):
    variables = {"name": "<b>Bob</b>", "paragraphs": ["One.", "Two."], "link": "https://hall.example/x", "act": "Look"}
    services.enqueue(
        to=["bob@example.org"], subject="News", template="news", variables=variables, bulk=True, topic="news"
    )

    delivery.deliver_due(bulk=True)

    found = sink.taken[0].mail
    html, text = found.get_body(("html",)).get_content(), found.get_body(("plain",)).get_content()
    assert "&lt;b&gt;Bob&lt;/b&gt;" in html
    assert "prefers-color-scheme: dark" in html
    assert "Hello <b>Bob</b>," in text
    assert "https://hall.example/x" in text.splitlines()
    assert "/mail/unsubscribe/" in text
    assert "/mail/unsubscribe/" in found["List-Unsubscribe"]


def test_an_address_stands_once_on_a_mail():
    row = queued("bob@example.org", "BOB@example.org")

    assert row.recipients.count() == 1


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=3000)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    subject=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200), text=TEXT, html=TEXT
)
def test_what_is_composed_is_read_back_and_no_line_is_too_long(subject, text, html):
    raw = composition.compose(
        headers=[("From", "a@example.org"), ("Subject", subject)], message_id="x@y", text=text, html=html
    )
    found = email.message_from_bytes(raw, policy=policy.default)

    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert found["Subject"].split() == subject.split()
    wanted = composition.NEWLINE.sub("\n", text)
    if text or not html:
        got = found.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert got.rstrip("\n") == wanted.rstrip("\n")


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_out_of_an_address(text):
    try:
        found = addresses.parse(text)
    except addresses.AddressInvalid:
        return

    assert len(found.mailbox) <= addresses.LENGTH_MAX
    assert not set(found.header) & set("\r\n\0")
    assert found.mailbox.count("@") >= 1
    assert not set(found.mailbox) & set(" <>,;")


def test_the_function_in_postgres_is_what_is_written_here(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'emailqueue_enqueue'")
        found = cursor.fetchall()

    assert found == [(statements.BODY,)]


def test_what_comes_back_is_the_mail_as_it_is_kept(db):
    found = services.enqueue(to=["ada@example.org"], subject="Hi", text="x", headers={"X-Hall": "1"}, key="a")

    kept = Email.objects.get()
    names = [field.attname for field in Email._meta.concrete_fields]
    assert [getattr(found, name) for name in names] == [getattr(kept, name) for name in names]
    assert services.enqueue(to=["ada@example.org"], subject="Hi", text="x", headers={"X-Hall": "1"}, key="a") == kept
