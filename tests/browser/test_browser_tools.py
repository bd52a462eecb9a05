"""The tools of the browser tests see what they are asked to see."""

from django.core.mail import send_mail


def test_axe_finds_a_picture_that_says_nothing(page, axe):
    page.set_content("<html lang=en><title>Hall</title><main><h1>Hall</h1><img src='data:,'></main></html>")

    found = axe(page)

    assert [violation["rule"] for violation in found] == ["image-alt"]


def test_axe_is_content_with_a_plain_page(page, axe):
    page.set_content("<html lang=en><title>Hall</title><main><h1>Hall</h1><p>Open.</p></main></html>")

    assert axe(page) == []


def test_two_people_do_not_share_cookies(new_context, hall):
    alice, bob = new_context(), new_context()

    alice.add_cookies([{"name": "theme", "value": "dark", "url": hall}])

    assert [cookie["value"] for cookie in alice.cookies()] == ["dark"]
    assert bob.cookies() == []


def test_the_hall_answers_the_browser(page, hall):
    answer = page.goto(f"{hall}/static/admin/css/base.css")

    assert answer.status == 200


def test_the_mail_sink_keeps_what_django_sends(mail_sink):
    send_mail("Welcome to the hall", "Come in.", None, ["alice@example.org"])

    mail = mail_sink.wait_for(to="alice@example.org", subject="Welcome")

    assert mail.get_content().strip() == "Come in."


def test_the_mail_sink_tells_people_apart(mail_sink):
    for name in ("alice", "bob"):
        send_mail(f"For {name}", "Come in.", None, [f"{name}@example.org"])

    assert mail_sink.wait_for(to="alice@example.org")["Subject"] == "For alice"
