"""What of a request makes it the same request: its key, its caller, its route and its content."""

import hashlib
import re
from io import BytesIO

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.urls import resolve
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict

from idempotency import fingerprints, keys
from idempotency.services import Scope

FIELD = "idempotency_key"
HEADER = "Idempotency-Key"
# The token changes with each page, and the key is not a part of what it protects.
NOT_CONTENT = (FIELD, "csrfmiddlewaretoken")
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Set on a request that only a program sends.
PROGRAM = "_idempotency_program"
WAIT_MAX_SECONDS = 30
WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,4})\"?\s*(?=$|[,;])", re.IGNORECASE | re.ASCII)


def key_of(request: HttpRequest) -> str | None:
    """Return the key in the header, else the one in the form's hidden field, else None. Raise MalformedKey."""
    raw = request.headers.get(HEADER)
    if raw is not None:
        return keys.parse_header(raw)
    raw = request.POST.get(FIELD) if request.method == "POST" else None
    return None if raw is None else keys.parse(raw)


def by_form(request: HttpRequest) -> bool:
    """Tell whether a person at a page asks, who is answered with a page."""
    if request.__dict__.get(PROGRAM) or HEADER in request.headers or not request.accepts("text/html"):
        return False
    return request.content_type in FORMS or request.POST.get(FIELD) is not None


def caller_of(request: HttpRequest) -> str | None:
    """Return whose keys these are; None when nothing tells this caller from the next one."""
    # What an API's authentication found goes before a cookie.
    found = getattr(request, "auth", None)
    person = getattr(found, "user", found)
    if getattr(person, "is_authenticated", False):
        return f"user:{person.pk}"  # type: ignore[union-attr]
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    # A browser without a person: a secret of its own that it sends with every form, and that a sign-in replaces.
    mark = request.COOKIES.get(settings.CSRF_COOKIE_NAME)
    return "browser:" + hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest() if mark else None


def scope_of(request: HttpRequest, *, caller: str, key: str) -> Scope:
    # Resolved again: a request that waited for a re-authentication is run by another address's view.
    route = resolve(request.path_info).route
    return Scope(caller=caller, method=str(request.method), route=route[:300], key=key)


def fingerprint_of(request: HttpRequest, scope: Scope) -> bytes:
    """Return 32 bytes that stand for what is asked, and from which nobody without our key can try passwords out."""
    digest = fingerprints.digest(
        method=scope.method, route=scope.route, address=request.get_full_path(), body=_content(request)
    )
    return salted_hmac("idempotency.fingerprint", digest, algorithm="sha256").digest()


def _content(request: HttpRequest) -> object:
    kind = (request.content_type or "").lower()
    if kind == "application/json" or kind.endswith("+json"):
        return fingerprints.of_json(request.body)
    if request.method == "POST" and (kind in FORMS or request.POST):
        return _form(request.POST, request.FILES)
    if kind == "application/x-www-form-urlencoded":
        return _form(QueryDict(request.body, encoding=request.encoding), MultiValueDict())
    if kind == "multipart/form-data":
        try:
            return _form(*request.parse_file_upload(request.META, BytesIO(request.body)))
        except MultiPartParserError:
            return fingerprints.of_bytes(request.body)
    return fingerprints.of_bytes(request.body)


def _form(fields: QueryDict, files: MultiValueDict) -> object:
    parts = [_part(field, upload) for field, uploads in files.lists() for upload in uploads]
    return fingerprints.of_form(dict(fields.lists()), parts, without=NOT_CONTENT)


def _part(field: str, upload: object) -> fingerprints.Part:
    digest = hashlib.sha256()
    for chunk in upload.chunks():  # type: ignore[attr-defined]
        digest.update(chunk)
    upload.seek(0)  # type: ignore[attr-defined]
    name, kind = upload.name or "", upload.content_type or ""  # type: ignore[attr-defined]
    return fingerprints.Part(field, name, kind, digest.hexdigest())


def wait_of(request: HttpRequest) -> int | None:
    """Return the seconds of `Prefer: wait=N` (RFC 7240), at most half a minute; None when it does not say."""
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), WAIT_MAX_SECONDS) if found else None
