"""The mails of the local sink as pages, newest first: for `make run`, on loopback only."""

import html
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"
SHOWN = 100
NAME = re.compile(r"[\w-]+\.eml")
LINK = re.compile(r"https?://[^\s<>\"]+")
POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'"
# Nothing of a mail runs or is fetched; its looks are written into it.
POLICY_OF_MAIL = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.55 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-family:Georgia,serif}ul{padding:0}li{padding:.6rem 0;border-bottom:1px solid #8886;list-style:none}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}iframe{width:100%;height:30rem;border:1px solid #8886}"
    "small{opacity:.75}"
)


def page_server(port: int, folder: Path) -> ThreadingHTTPServer:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).strip("/")
            name, _, part = path.partition("/")
            file = folder / name
            if not path:
                self._answer(listing(folder))
            elif path == "style.css":
                self._answer(STYLE, kind="text/css")
            elif NAME.fullmatch(name) and file.is_file() and part == "html":
                self._answer(html_of(read(file)), policy=POLICY_OF_MAIL)
            elif NAME.fullmatch(name) and file.is_file():
                self._answer(detail(name, read(file)))
            else:
                self._answer("<p>There is no such mail. <a href=/>All mails</a></p>", status=404)

        def _answer(self, body: str, *, status: int = 200, kind: str = "text/html", policy: str = POLICY) -> None:
            content = body.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the sink says a line for each mail."""

    return ThreadingHTTPServer((LOOPBACK, port), Pages)


def read(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)


def listing(folder: Path) -> str:
    files = sorted(folder.glob("*.eml"), reverse=True)[:SHOWN]
    items = []
    for file in files:
        mail = read(file)
        items.append(
            f"<li><a href='/{html.escape(file.name)}'>{html.escape(str(mail['Subject']))}</a><br>"
            f"<small>to {html.escape(str(mail['To']))}, {html.escape(str(mail['Date']))}</small></li>"
        )
    words = f"<ul>{''.join(items)}</ul>" if items else "<p>No mail yet. Sign up, and the first one is here.</p>"
    return framed("Mails of the hall", words)


def detail(name: str, mail: EmailMessage) -> str:
    head = "".join(f"<small>{field}: {html.escape(str(mail[field]))}</small><br>" for field in mail)
    body = mail.get_body(("plain",))
    text = html.escape(body.get_content()) if body else "(no text)"
    linked = LINK.sub(lambda found: f"<a href='{found[0]}'>{found[0]}</a>", text)
    frame = f"<iframe sandbox='' title='As HTML' src='/{name}/html'></iframe>" if mail.get_body(("html",)) else ""
    back = "<p><a href='/'>All mails</a></p>"
    return framed(
        html.escape(str(mail["Subject"])),
        f"{back}<pre>{linked}</pre>{frame}<details><summary>Headers</summary>{head}</details>",
    )


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    return body.get_content() if body else ""


def framed(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><link rel=stylesheet href=/style.css><h1>{title}</h1>{body}</html>"
    )
