"""Why something about webhooks is refused."""


class WebhookError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class PayloadRefused(WebhookError):
    """The payload is too large, or not what its type says: a fault of the app that published it."""


class UrlRefused(WebhookError): ...


class HeaderRefused(WebhookError): ...


class FilterUnknown(WebhookError): ...


class TooManyEndpoints(WebhookError): ...


class NotAnOperator(WebhookError): ...


class StaleEndpoint(WebhookError): ...


class NotEnabled(WebhookError): ...


class UnderWay(WebhookError): ...


class RotatedTooOften(WebhookError): ...
