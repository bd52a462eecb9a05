"""The rules that refuse."""


class SessionsError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class TooManyTokens(SessionsError): ...


class ExpiryInThePast(SessionsError): ...


class NoScopes(SessionsError): ...


class LinkInvalid(SessionsError): ...
