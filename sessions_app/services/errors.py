"""The rules that refuse."""


class SessionsError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class TooManyTokens(SessionsError): ...


class ExpiryInThePast(SessionsError): ...


class NoScopes(SessionsError): ...


class TooManyTries(SessionsError):
    """`retry_after`: the seconds to wait before the next one."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many tries. Wait {retry_after} seconds.")
        self.retry_after = retry_after


class LinkInvalid(SessionsError): ...
