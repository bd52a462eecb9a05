"""Why something about quotas and files is refused; each message is for the person."""

from quotas.wording import shown


class QuotaError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class QuotaExceeded(QuotaError):
    """It would pass a limit; carries the numbers."""

    def __init__(self, *, holder: str, resource: str, wanted: int, used: int, reserved: int, limit: int | None) -> None:
        self.holder, self.resource, self.wanted = holder, resource, wanted
        self.used, self.reserved, self.limit = used, reserved, limit
        free = shown(resource, max((limit or 0) - used - reserved, 0))
        whose = {"you": "Your limit", "the hall": "The hall’s limit"}.get(holder, f"The limit of {holder}")
        under_way = f" and {shown(resource, reserved)} under way" if reserved else ""
        super().__init__(
            f"{whose} is {shown(resource, limit or 0)}: {shown(resource, used)} used{under_way}, {free} free. "
            f"This needs {shown(resource, wanted)}."
        )


class AmountInvalid(QuotaError): ...


class UnknownResource(QuotaError): ...


class GrantGone(QuotaError): ...


class LimitInvalid(QuotaError): ...


class NameTaken(QuotaError): ...


class FolderTooDeep(QuotaError): ...


class NotThere(QuotaError): ...


class UploadOver(QuotaError):
    """The upload is finished, expired or terminated."""


class OffsetWrong(QuotaError):
    """Bytes were sent for another place than where the upload is; `offset` is where it is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload is at {offset}. Ask for its offset, then go on from there.")
        self.offset = offset


class TooLong(QuotaError): ...


class ChecksumWrong(QuotaError): ...


class NotAttachable(QuotaError): ...
