"""What allauth asks us: who may try, what is recorded, which address a request has."""

import time
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, cast

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sessions_app import clients, services, signals
from sessions_app.requests import Request

# Seconds within which a mail of allauth must be out (RFC 4021, Expires).
MAIL_EXPIRES = {
    "account/email/password_reset_key": 3600,
    "account/email/login_code": 180,
}


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        super().send_mail(template_prefix, email, {"hall": settings.HALL_NAME} | context)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody what was changed, on which device, and where to look if it was not they."""
        client = cast(Request, self.request).client
        more = {
            "user": user,
            "label": clients.label(client.user_agent),
            "devices_url": settings.BASE_URL + reverse("sessions_app:devices"),
        }
        super().send_notification_mail(template_prefix, user, more | (context or {}), email)

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Any:
        """Say until when the mail is of use: what proves who somebody is expires rather than arrive late."""
        seconds = MAIL_EXPIRES.get(template_prefix)
        if seconds:
            headers = {**(headers or {}), "Expires": format_datetime(timezone.now() + timedelta(seconds=seconds))}
        return super().render_mail(template_prefix, email, context, headers)

    def format_email_subject(self, subject: str) -> str:
        return f"{subject} · {settings.HALL_NAME}"

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return all(answer is not False for _, answer in signals.sign_up_asked.send(type(self), request=request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in within the last minutes is proof enough; allauth would ask again at once."""
        request = context.request
        records = get_authentication_records(request, request.user)
        latest = max((record["at"] for record in records), default=0.0)
        return time.time() - latest >= app_settings.REAUTHENTICATION_TIMEOUT

    def get_client_ip(self, request: HttpRequest) -> str:
        return cast(Request, request).client.address or "0.0.0.0"  # noqa: S104  (a key for counting, not a bind)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        client = cast(Request, request).client
        try:
            self._attempt_id = services.begin_attempt(email=str(credentials.get("email", "")), client=client)
        except services.TooManyTries as refusal:
            response = render(request, "429.html", {"retry_after": refusal.retry_after}, status=429)
            response["Retry-After"] = str(refusal.retry_after)
            raise ImmediateHttpResponse(response) from refusal
        super().pre_authenticate(request, **credentials)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user = super().authenticate(request, **credentials)
        if user is not None:
            services.forgive_attempt(attempt_id=self._attempt_id)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        services.record_failed_sign_in(email=str(credentials.get("email", "")), client=cast(Request, request).client)
