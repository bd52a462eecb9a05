"""Finds words in what people write, also where they are dressed up. Plain values in and out."""

import re
import unicodedata
from collections.abc import Iterable

WORD = re.compile(r"\w+")
# Signs that stand for a letter: digits and signs on a keyboard, and the letters of other scripts that look like ours.
STAND_INS = str.maketrans("0134579@$аеіјкморстухѕԁοαρτνικ", "oieastgasaeijkmopctyxsdoaptvik")


def folded(text: str) -> str:
    """Return the words of a text in one spelling: no case, no marks, no invisible signs, one space between them."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(sign for sign in decomposed if unicodedata.category(sign) not in ("Mn", "Cf"))
    return " ".join(WORD.findall(plain.translate(STAND_INS)))


def find(text: str, words: Iterable[str]) -> str:
    """Return the first of these words or phrases that the text holds as a whole, as it was given; "" for none."""
    wanted = {word: folded(word) for word in words}
    if not wanted:
        return ""
    said = f" {folded(text)} "
    return next((word for word, spelling in wanted.items() if spelling and f" {spelling} " in said), "")
