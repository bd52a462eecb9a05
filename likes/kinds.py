"""What somebody can say to a thing without words, and which of it excludes what. Plain values in and out."""

from typing import NamedTuple

LIKE = "like"
EMOJI = "emoji"
VOTE = "vote"
FAMILIES = (LIKE, EMOJI, VOTE)

UP = "up"
DOWN = "down"


class Kind(NamedTuple):
    """One reaction: a person has at most one of each family on a thing."""

    slug: str
    family: str
    sign: str
    word: str


SIGNS = {
    "heart": ("❤️", "Love"),
    "thanks": ("🙏", "Thank you"),
    "laugh": ("😄", "Funny"),
    "wow": ("😮", "Wow"),
    "party": ("🎉", "Hooray"),
    "sad": ("😢", "Sad"),
    "eyes": ("👀", "I am looking"),
    "rocket": ("🚀", "Go"),
    "thinking": ("🤔", "I wonder"),
    "clap": ("👏", "Well done"),
    "fire": ("🔥", "Hot"),
    "check": ("✅", "Done"),
}
ALL = {
    LIKE: Kind(LIKE, LIKE, "👍", "Like"),
    UP: Kind(UP, VOTE, "▲", "Up"),
    DOWN: Kind(DOWN, VOTE, "▼", "Down"),
    **{slug: Kind(slug, EMOJI, sign, word) for slug, (sign, word) in SIGNS.items()},
}


def offered(families: tuple[str, ...], emoji: list[str]) -> list[Kind]:
    """Return the kinds that a thing of these families takes, in the order in which they are shown."""
    fixed = [kind for kind in ALL.values() if kind.family != EMOJI and kind.family in families]
    return fixed + ([ALL[slug] for slug in emoji] if EMOJI in families else [])


def shortened(count: int) -> str:
    """Return a count as people read it: 999, 1.2K, 13K, 1.2M; never rounded up past what is there."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size:
            tenths = count * 10 // size
            return f"{tenths // 10}{letter}" if tenths >= 100 or tenths % 10 == 0 else f"{tenths / 10:.1f}{letter}"
    return str(count)


def told(names: list[str], count: int) -> str:
    """Return who it was: "Alice", "Alice and Bob", "Alice, Bob and 1,204 others"; "" for nobody."""
    names = names[:count]
    others = count - len(names)
    words = [*names, f"{others:,} other{'s' if others > 1 else ''}"] if others else names
    if others and not names:
        return f"{others:,} {'person' if others == 1 else 'people'}"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
