"""What comments refuse."""


class CommentsError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class ThreadLocked(CommentsError):
    """Nothing can be added or changed any more."""


class ParentGone(CommentsError):
    """What was answered is not there any more, or on another thing."""


class WordRefused(CommentsError):
    """It has a word that is not said here."""


class NotYours(CommentsError):
    """Only its author may do this."""


class AlreadyReported(CommentsError):
    """This person has reported it, and no moderator has looked yet."""


class AlreadyAppealed(CommentsError):
    """An act is looked at again once."""


class Muted(CommentsError):
    """A moderator lets this person say nothing for a while."""


class NotPossible(CommentsError):
    """What it is now does not allow this act."""


class TooSoon(CommentsError):
    """Somebody new posts faster than is good; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"You are new here: wait {seconds} seconds, then post it. Your words are kept.")
        self.seconds = seconds


class TooLate(CommentsError):
    """The time in which this could be done is over."""
