"""The page of the local sink: what a mail says is shown, and does nothing."""

import threading
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from deploy.local.mail_page import page_server

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def pages(tmp_path):
    mail = EmailMessage()
    mail["To"], mail["From"], mail["Subject"] = "alice@example.org", "hall@example.org", f"Welcome {EVIL}"
    mail.set_content(f"Go to https://hall.example/join?a=1 now. {EVIL}")
    mail.add_alternative(f"<p>Hello</p>{EVIL}", subtype="html")
    (tmp_path / "1-a.eml").write_bytes(bytes(mail))
    (tmp_path / "secret.txt").write_text("a secret")
    server = page_server(0, tmp_path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


@pytest.mark.parametrize("path", ["/", "/1-a.eml"])
def test_what_a_mail_says_is_text(pages, path):
    status, headers, body = get(f"{pages}{path}")

    assert status == 200
    assert "Welcome &lt;script&gt;" in body
    assert EVIL not in body
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


def test_a_link_of_a_mail_can_be_followed(pages):
    assert "<a href='https://hall.example/join?a=1'>" in get(f"{pages}/1-a.eml")[2]


def test_the_html_of_a_mail_comes_in_a_sandbox(pages):
    _, headers, body = get(f"{pages}/1-a.eml/html")

    assert "<p>Hello</p>" in body
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_the_looks_are_a_file_of_their_own(pages):
    status, headers, body = get(f"{pages}/style.css")

    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "color-scheme" in body


@pytest.mark.parametrize("path", ["/secret.txt", "/..%2fsecret.txt", "/../secret.txt", "/2-b.eml", "/%00"])
def test_nothing_else_of_the_folder_is_shown(pages, path):
    status, _, body = get(f"{pages}{path}")

    assert status == 404
    assert "a secret" not in body
