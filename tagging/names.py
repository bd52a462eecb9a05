"""What a tag is called: one canonical form for each meaning. Plain values in and out.

    normalise("Machine  Learning") == normalise("machine_learning") == "machine-learning"

The form is NFKC and case folded as far as both agree (Unicode Standard Annex #15, and D145 of the core specification),
spaces and underscores are hyphens, and what is left are letters, marks and digits of every script and `+ # . -`.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache

LENGTH_MAX = 50
SIGNS = "+#.-"
DISPLAY_MAX = 80
# Where names begin to be compared for slips of the hand: shorter ones are each other's neighbours anyway.
SLIP_MIN = 4
SLIP_MAX = 10


class NameRefused(ValueError):
    """A name cannot be a tag; the message says which and why."""


def normalise(raw: str) -> str:
    """Return the canonical form of a name. Raise NameRefused with the name and the reason."""
    folded = _folded(raw)
    name = _hyphens(folded)
    shown = clipped(raw)
    for sign in name:
        if not (sign in SIGNS or is_letter(sign)):
            raise NameRefused(f"“{shown}”: {_named(sign)} cannot stand in a tag. Use letters, digits and + # . -")
    if len(name) > LENGTH_MAX:
        raise NameRefused(f"“{shown}”: a tag has at most {LENGTH_MAX} characters; this has {len(name)}.")
    if not any(is_letter(sign) and not unicodedata.combining(sign) for sign in name):
        raise NameRefused(f"“{shown}”: a tag needs a letter or a digit.")
    if unicodedata.combining(name[0]):
        raise NameRefused(f"“{shown}”: a tag cannot begin with a mark that belongs to a letter before it.")
    if _stacked(name):
        raise NameRefused(f"“{shown}”: too many marks are stacked on one letter.")
    return name


def display_of(raw: str) -> str:
    """Return a name as a person wrote it, in one line: "Node.js"."""
    return " ".join(unicodedata.normalize("NFC", raw).replace("_", " ").split())[:DISPLAY_MAX]


def clipped(raw: str) -> str:
    """Return a name as a refusal may show it: short, and without what cannot be seen or sent."""
    seen = "".join(sign if sign.isprintable() else "·" for sign in raw.strip())
    return seen if len(seen) <= 40 else f"{seen[:39]}…"


def is_letter(sign: str) -> bool:
    """Tell whether a sign is a letter, a mark on one, or a digit, of any script."""
    return unicodedata.category(sign)[0] in "LM" or unicodedata.category(sign) in {"Nd", "Nl"}


def _folded(raw: str) -> str:
    text = raw
    # Folding may leave what NFKC changes, and the other way round; a few rounds settle every character there is.
    for _ in range(4):
        # NFD in between: some marks fold to letters and must stand in order before.
        once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
        if once == text:
            break
        text = once
    return "".join(sign for sign in text if not _is_invisible(sign))


# Joiners, variation selectors, soft hyphen and the like: they make two tags of what looks like one.
INVISIBLE = {0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2060, 0x3164, 0xFEFF, 0xFFA0}


def _is_invisible(sign: str) -> bool:
    point = ord(sign)
    return (
        point in INVISIBLE
        or 0x180B <= point <= 0x180F
        or 0x200B <= point <= 0x200D
        or 0xFE00 <= point <= 0xFE0F
        or 0xE0100 <= point <= 0xE01EF
    )


def _hyphens(text: str) -> str:
    """Write spaces and underscores as hyphens, one for each row of them, and none at an end."""
    # U+2010 to U+2015 and U+2212 are what keyboards and editors make of a hyphen.
    plain = "".join("-" if sign.isspace() or sign == "_" or sign in "‐‑‒–—―−" else sign for sign in text)
    return "-".join(part for part in plain.split("-") if part)


def _stacked(name: str) -> bool:
    row = 0
    for sign in name:
        row = row + 1 if unicodedata.combining(sign) else 0
        if row > 3:
            return True
    return False


def _named(sign: str) -> str:
    if sign.isprintable():
        return f"“{sign}”"
    return unicodedata.name(sign, f"the character U+{ord(sign):04X}").lower()


# --- What looks alike ---------------------------------------------------------------------------------------

# Letters of other scripts that are drawn like a Latin one (from Unicode Technical Standard #39, the part that is alike
# in common typefaces after case folding). Two names in plain ASCII are never taken for each other: `l10n`, `i18n`.
_LIKENESS = {
    "a": "аɑα",
    "b": "ЬʙЬ",
    "c": "сϲᴄ",
    "d": "ԁ",
    "e": "еҽ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıιӏɩ",
    "j": "јϳ",
    "k": "кκ",
    "m": "м",
    "n": "ոп",
    "o": "оοօσѳ",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "սυʋ",
    "v": "νѵ",
    "w": "ԝωա",
    "x": "хχ",
    "y": "уүγ",
    "z": "ᴢʐ",
}
_LATIN_OF = {sign: latin for latin, signs in _LIKENESS.items() for sign in signs}


def skeleton(name: str) -> str:
    """Return what a normalised name looks like: equal for names that a reader takes for each other."""
    return "".join(_LATIN_OF.get(sign, sign) for sign in name)


@cache
def script_of(sign: str) -> str:
    """Return the script of a letter as its name begins, or "" for digits, marks and signs, which all scripts share."""
    if unicodedata.category(sign)[0] != "L":
        return ""
    word = unicodedata.name(sign, "").split(" ")[0]
    return "JAPANESE" if word in {"HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA"} else word


def mixes_scripts(name: str) -> bool:
    """Tell whether a word is put together from letters of scripts that are drawn alike: Latin, Cyrillic, Greek, ..."""
    alike = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
    return any(len({script_of(sign) for sign in word} & alike) > 1 for word in name.split("-"))


def refuse_mixture(name: str, raw: str) -> None:
    """Raise NameRefused for a word that imitates another with letters of a second script."""
    if mixes_scripts(name):
        raise NameRefused(f"“{clipped(raw)}”: letters of different scripts that look alike are mixed in one word.")


# --- What begins alike --------------------------------------------------------------------------------------


def beginnings(name: str) -> list[str]:
    """Return the name from each of its words on: "data.table" is found by `data` and by `table`."""
    starts = [0, *(at + 1 for at, sign in enumerate(name) if sign in "-." and at < len(name) - 1)]
    return list(dict.fromkeys(name[start:] for start in starts if is_letter(name[start]) or start == 0))


def slips(text: str) -> set[str]:
    """Return a beginning of a name and it with each letter left out: two that share one are a slip apart."""
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def slips_of_beginnings(name: str) -> set[str]:
    """Return what somebody may have begun to type when they meant this name and slipped once."""
    lengths = range(SLIP_MIN, min(len(name), SLIP_MAX) + 1)
    return {slip for length in lengths for slip in slips(name[:length])}


def is_slip(typed: str, name: str) -> bool:
    """Tell whether `typed` begins `name` with at most one letter wrong, missing, too many or swapped."""
    lengths = (len(typed) - 1, len(typed), len(typed) + 1)
    return any(_one_apart(typed, name[:length]) for length in lengths if 0 < length <= len(name))


def _one_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((number for number, sign in enumerate(one) if sign != other[number]), len(one))
    if len(one) != len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped


def begun(raw: str) -> str:
    """Return the canonical form of what somebody has typed so far, or "" while it is nothing that could begin a tag."""
    name = _hyphens(_folded(raw))[:LENGTH_MAX]
    return name if all(sign in SIGNS or is_letter(sign) for sign in name) else ""


def split(text: str) -> list[str]:
    """Return the names in what somebody typed: separated by commas or lines, in order, none twice."""
    parts = (part.strip() for line in text.splitlines() for part in line.replace("，", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def told(names: Iterable[str]) -> str:
    """Return names in a sentence."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
