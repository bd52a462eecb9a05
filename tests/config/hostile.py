"""Every address of the project and every field of its forms, with what no honest client sends in their places."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver

# What a client may put where text is expected; each has broken somebody's program before.
VALUES = {
    "NUL": "a\0b",
    "lone surrogate": "\ud800x",
    "past 64 bits": str(2**64 + 1),
    "past 63 bits": str(2**63),
    "negative": "-1",
    "not a number": "NaN",
    "exponent": "1e999",
    "digits of another script": "٣",
    "superscript": "²",
    "year zero": "0000-00-00",
    "year ten thousand": "10000-01-01T00:00:00Z",
    "markup": "<script>alert(1)</script>",
    "template": "{{ request }}{% now %}",
    "quotes": "'\";--",
    "upwards": "../../../../etc/passwd",
    "long": "x" * 5000,
    "mail of a kind": "a@" + "b" * 300 + ".example",
    "mail with a NUL": "a\0@example.org",
    "domain past its limit": "a@" + "ü" * 80 + ".example",
    "broken address": "http://[::1",
    "brackets": "[" * 2000,
    "JSON": '{"__proto__": [1e400]}',
    "JSON null": "null",
    "more digits than Python reads": "9" * 5000,
    "spaces": " \t\r\n\u2028\u200b",
    "right to left": "\u202eexe.txt",
    "empty": "",
}
# Names that views read beside those on their pages.
NAMES = [
    *("next", "action", "_selected_action", "index", "select_across", "_continue", "_popup", "_to_field", "post"),
    *(
        "code",
        "key",
        "credential",
        "device",
        "version",
        "mode",
        "remember",
        "login",
        "password",
        "email",
        "display_name",
    ),
    *("action_add", "action_remove", "action_primary", "action_send", "csrfmiddlewaretoken", "confirmation", "reason"),
]
# In an address as bytes, percent-encoded.
PATHS = [
    *("0", "-1", "1", str(2**31), str(2**63 - 1), str(2**63), str(2**64 + 1), "9" * 400),
    *("x", "x" * 3000, "%00", "a%00b", "%ff%fe", "%ed%a0%80", "%C0%AF", "..%2f..%2fetc", "%25", "%0d%0aX-Evil:%20yes"),
    *("_00", "_5Fx_", "__", "a-b", "1-set-password", "zz-set-password", "0-x", "1y2p0ij32e8e8-x", "%D9%A3", ";", "'"),
]
QUERIES = [
    *("q=a%00b", "q=%ff%fe", "q=%ed%a0%80", "before=99999999999999999999", "p=99999999999999999999", "p=x", "o=9.9.x"),
    *("next=//evil.example", "next=http://[", "next=%00", "next=javascript:alert(1)", "next=" + "x" * 3000),
    *("id__exact=x", "id__in=1,x", "pk=%ed%a0%80", "user__password__startswith=a", "e=1", "all=", "_popup=1"),
    *("_changelist_filters=%00", "_to_field=password", "app_label=x&model_name=y&field_name=z&term=%00"),
    "&".join(f"f{number}=1" for number in range(2000)),
    *(
        "%",
        "%zz=%zz",
        "=&=&=",
        "a[b][c]=1",
        "joined_at__gte=10000-01-01",
        "is_active__exact=%D9%A3",
        "user__id__exact=9e9",
    ),
    *("id__exact=99999999999999999999", "id__gt=99999999999999999999", "q=%22", "q='%20%5c", "address=x"),
]
HEADERS = {
    "cookies of rubbish": {"cookie": "session=\xff\xfe; device=\0; theme=é; csrftoken=; zone=../x; =; ;;;"},
    "a cookie that never ends": {"cookie": "session=" + "n" * 60_000},
    "a thousand cookies": {"cookie": "; ".join(f"c{number}=1" for number in range(1000))},
    "an address that is none": {"x-forwarded-for": "\0, x, 999.1.1.1, ::ffff:1.2.3.4%eth0"},
    "an agent of rubbish": {"user-agent": "\xed\xa0\x80\0" * 5000},
    "a language of rubbish": {"accept-language": "x-\0-" * 500 + ";q=9e999"},
    "dates of rubbish": {"if-modified-since": "Thu, 99 Foo 99999 99:99:99 GMT", "if-none-match": 'W/"\0' * 50},
    "a range of rubbish": {"range": "bytes=-99999999999999999999,x-"},
    "a request id of rubbish": {"x-request-id": "\0" * 20},
    "a host of rubbish": {"host": "evil.example:99999\r\nx"},
    "a type of rubbish": {"content-type": "multipart/form-data; boundary=" + "\xff" * 90},
    "a charset that is none": {"content-type": "application/x-www-form-urlencoded; charset=rubbish-8"},
    "an htmx of rubbish": {"hx-request": "true", "hx-current-url": "http://[", "hx-target": "\xff"},
    "a sender of rubbish": {"referer": "http://[::1", "origin": "http://[", "sec-fetch-site": "\0"},
    "a wish of rubbish": {"accept": "application/json;q=9e999,\0/\0,*/*;;;"},
    "a key of rubbish": {"authorization": "Bearer \xff\0", "idempotency-key": "\0" * 300},
}
METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND", "\u00c9"]
BODIES = {
    "empty form": ("application/x-www-form-urlencoded", b""),
    "bytes that are no text": ("application/x-www-form-urlencoded", b"\xff\xfe=\xed\xa0\x80&a=%ff&%00=%00"),
    "ten megabytes": ("application/x-www-form-urlencoded", b"a=" + b"x" * 10_000_000),
    "ten thousand fields": ("application/x-www-form-urlencoded", b"a=1&" * 10_000),
    "multipart without a boundary": ("multipart/form-data", b"--x"),
    "multipart cut off": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a'),
    "multipart with a NUL": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="mode\0"\r\n\r\na\0b\r\n--x--\r\n',
    ),
    "multipart in rubbish base64": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n--x--\r\n',
    ),
    "a file where text is meant": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="login"; filename="\0../x"\r\n\r\nxx\r\n--x--\r\n',
    ),
    "JSON": ("application/json", b'{"mode": "dark"}'),
    "JSON without an end": ("application/json", b"[" * 100_000),
    "no type": ("", b"mode=dark"),
}


def routes() -> list[str]:
    """Return the route of every address, as Django writes it."""

    def walk(resolver: URLResolver, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield here
            else:
                yield from walk(pattern, here)

    return sorted(set(walk(get_resolver(), "/")))


PLACE = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>(?:[^()]|\([^()]*\))*\)")


def paths_of(route: str, values: list[str]) -> list[str]:
    """Return the addresses of a route with each value in each of its places."""
    plain = PLACE.sub("\0", route).replace("/^", "/").removesuffix("$")
    return [plain.replace("\0", value) for value in values] if "\0" in plain else [plain]


class Form(HTMLParser):
    """The fields of all forms on a page, with the values that a browser would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select: str | None = None
        self._text: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = value
        elif tag == "textarea":
            self._text = name
        elif tag == "input" and name:
            chosen = given.get("type") not in {"radio", "checkbox"} or "checked" in given
            if chosen or name not in self.fields:
                self.fields[name] = value

    def handle_data(self, data: str) -> None:
        if self._text:
            self.fields[self._text] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None


def encoded(fields: dict[str, str]) -> bytes:
    """Return the body of a form as a careless client writes it: lone surrogates become their three bytes."""
    return "&".join(
        f"{quote(name, errors='surrogatepass')}={quote(value, errors='surrogatepass')}"
        for name, value in fields.items()
    ).encode()
