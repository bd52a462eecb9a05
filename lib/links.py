"""Where else to go from an answer (RFC 8288)."""

from django.http.response import HttpResponseBase


def add(response: HttpResponseBase, target: str, *, rel: str, **more: str) -> None:
    """Add one link to the answer's Link field, unless it is there; `target` is escaped already."""
    link = "; ".join([f"<{target}>", *(f'{name}="{value}"' for name, value in {"rel": rel, **more}.items())])
    held = response.headers.get("Link", "")
    # An answer that is given again brings its links along.
    if link not in held.split(", "):
        response.headers["Link"] = f"{held}, {link}" if held else link
