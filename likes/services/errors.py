"""What this app refuses."""


class LikesError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class KindNotAllowed(LikesError): ...


class OwnThing(LikesError): ...
