"""What this app refuses."""


class TaggingError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class NamesRefused(TaggingError):
    """Some of the names cannot be given; `reasons` holds a sentence for each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class UnknownTag(TaggingError): ...


class NotAllowed(TaggingError):
    """The vocabulary would not hold together."""


class TooLate(TaggingError): ...
