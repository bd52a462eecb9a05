"""Why a change of flags is refused."""


class FlagError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class DefinitionRefused(FlagError):
    """The definition cannot hold: `field` says where, `reason` why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class StaleVersion(FlagError): ...


class NoSuchFlag(FlagError): ...


class ReasonMissing(FlagError): ...
