"""What operators see of mail, and what they may do; each act is written down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.clickjacking import xframe_options_sameorigin

from emailqueue import addresses
from emailqueue.addresses import AddressInvalid
from emailqueue.forms import ReasonForm, SuppressForm
from emailqueue.models import Email, EmailEvent, EmailRecipient, MailAct, OptOut, Suppression
from emailqueue.services import MailError, operators
from lib.read_only_admin import ReadOnlyAdmin

# A mail's own styles, and nothing from anywhere: no script, no picture that tells its sender who looked.
PREVIEW_POLICY = {
    **{"default-src": [NONE], "script-src": [NONE], "style-src": ["'unsafe-inline'"], "img-src": ["data:"]},
    **{"connect-src": [NONE], "form-action": [NONE], "frame-ancestors": [SELF], "sandbox": [True]},
}
# Whoever reads such a mail is whom it was sent to.
KEPT_BACK = "What proves who somebody is, and expires, is shown to nobody else."
ACTS: dict[str, tuple[str, str]] = {
    "cancel": ("Cancel it", "It is taken out of the queue and goes to nobody who has not got it yet."),
    "resend": ("Send it again", "It goes to all of its recipients once more, but to nobody on the suppression list."),
    "release": ("Release it", "It goes to those of its recipients who are not on the suppression list any more."),
}


def _may(request: HttpRequest) -> bool:
    return request.user.has_perm("emailqueue.change_email")


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "subject", "to", "kind", "topic", "state", "attempts", "next_attempt_at")
    list_filter = ("state", "kind", "topic")
    # What is typed is looked for by `get_search_results`; without a name here there is no field to type it into.
    search_fields = ("recipients__address",)
    search_help_text = "A whole mail address, a Message-ID, an idempotency key, or a provider's id."
    ordering = ("-pk",)
    list_per_page = 50
    change_form_template = "admin/emailqueue/email_detail.html"
    fields = (
        *("subject", "people", "story", "state", "kind", "topic", "priority", "sender", "message_id", "key"),
        *("created_at", "not_before_at", "next_attempt_at", "expires_at", "finished_at"),
        *("attempts", "deferrals", "lease_expires_at", "template", "variables", "files", "acts"),
    )
    readonly_fields = ("people", "story", "files", "acts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        people = Prefetch("recipients", EmailRecipient.objects.order_by("pk"))
        rows: QuerySet[Email] = super().get_queryset(request).prefetch_related(people)
        is_one = request.resolver_match and "object_id" in request.resolver_match.kwargs
        return rows if is_one else rows.defer("text", "html", "variables")

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Email], search_term: str
    ) -> tuple[QuerySet[Email], bool]:
        """Look in each index for what was typed: comparing without regard to case would read the whole table."""
        typed = search_term.strip()
        if not typed:
            return rows, False
        people = EmailRecipient.objects.filter(address=addresses.as_written_to(typed)).values("email_id")
        named = EmailRecipient.objects.filter(provider_id=typed[:200]).exclude(provider_id="").values("email_id")
        mails = Email.objects.filter(message_id=typed.strip("<>")).values("pk")
        keyed = Email.objects.filter(key=typed).values("pk")
        return rows.filter(pk__in=people.union(named, mails, keyed)), False

    @admin.display(description="to")
    def to(self, email: Email) -> str:
        found = [person.address for person in email.recipients.all()]
        return f"{found[0]} and {len(found) - 1} more" if len(found) > 1 else "".join(found)

    @admin.display(description="recipients")
    def people(self, email: Email) -> SafeString:
        lines = [
            (each.get_place_display(), each.address, each.get_state_display(), f"{each.status} {each.reply}".strip())
            for each in email.recipients.all()
        ]
        return format_html_join("", "<p>{} <strong>{}</strong>: {} <small>{}</small></p>", lines)

    @admin.display(description="story")
    def story(self, email: Email) -> SafeString:
        lines = [
            (
                event.at.isoformat(timespec="milliseconds"),
                f"{localtime(event.at):%Y-%m-%d %H:%M:%S}",
                event.get_kind_display(),
                event.address,
                f"{event.status} {event.detail}".strip(),
            )
            for event in email.events.order_by("at", "pk")[:500]
        ]
        items = format_html_join("", '<li><time datetime="{}">{}</time> <b>{}</b> {} <small>{}</small></li>', lines)
        return format_html("<ol>{}</ol>", items)

    @admin.display(description="attachments")
    def files(self, email: Email) -> str:
        rows = email.attachments.order_by("pk").values_list("name", "content_type")
        return ", ".join(f"{name or 'unnamed'} ({kind})" for name, kind in rows) or "none"

    @admin.display(description="done by operators")
    def acts(self, email: Email) -> SafeString | str:
        rows = MailAct.objects.filter(email_id=email.pk).select_related("by").order_by("pk")
        lines = [
            (f"{localtime(row.at):%Y-%m-%d %H:%M}", row.get_kind_display(), row.by or "-", row.reason) for row in rows
        ]
        return format_html_join("", "<p>{}: {} by {}: {}</p>", lines) or "nothing"

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., Any] = self.admin_site.admin_view
        return [
            path("<int:email_id>/preview/", view(self.preview), name="emailqueue_email_preview"),
            path("<int:email_id>/by-hand/<str:act>/", view(self.act), name="emailqueue_email_act"),
            *super().get_urls(),
        ]

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, object_id, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["may_act"] = _may(request)
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp_replace(PREVIEW_POLICY))
    def preview(self, request: HttpRequest, email_id: int) -> HttpResponse:
        """Show the HTML of a mail, in a frame that may do nothing."""
        if not self.has_view_permission(request):
            raise Http404
        email = get_object_or_404(Email, pk=email_id)
        text = KEPT_BACK if email.expires_at else email.text
        html = "" if email.expires_at else email.html
        response = HttpResponse(html or text, content_type=f"text/{'html' if html else 'plain'}; charset=utf-8")
        response["Referrer-Policy"] = "no-referrer"
        return response

    def act(self, request: HttpRequest, email_id: int, act: str) -> HttpResponse:
        """Ask why, then do it."""
        if act not in ACTS or not self.has_view_permission(request):
            raise Http404
        email = get_object_or_404(Email, pk=email_id)
        if not _may(request):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._acted(request, email, act, form.cleaned_data["reason"])
            return redirect("admin:emailqueue_email_change", email.pk)
        title, words = ACTS[act]
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "email": email,
            "title": title,
            "words": words,
        }
        return render(request, "admin/emailqueue/email_act.html", context)

    def _acted(self, request: HttpRequest, email: Email, act: str, reason: str) -> None:
        try:
            if act == "cancel":
                operators.cancel(email_id=email.pk, by=request.user, reason=reason)
                messages.success(request, "It is cancelled.")
            elif act == "resend":
                operators.resend(email_id=email.pk, by=request.user, reason=reason)
                messages.success(request, "It is in line again.")
            elif operators.release(email_id=email.pk, by=request.user, reason=reason):
                messages.success(request, "It is released.")
            else:
                messages.warning(request, "Nobody of its recipients could be released: look at the suppression list.")
        except MailError as error:
            messages.error(request, str(error))


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("address", "reason", "source", "created_at", "expires_at", "by")
    list_filter = ("reason",)
    list_select_related = ("by",)
    search_fields = ("=address",)
    ordering = ("-pk",)
    actions = ("take_off",)
    change_list_template = "admin/emailqueue/suppression_list.html"

    def has_take_off_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("emailqueue.delete_suppression")

    @admin.action(description="Take off the list, and send what was held", permissions=["take_off"])
    def take_off(self, request: HttpRequest, rows: QuerySet[Suppression]) -> None:
        ids = list(rows.values_list("pk", flat=True))
        reason = "taken off in the admin"
        released = 0
        for each in ids:
            released += operators.unsuppress(suppression_id=each, by=request.user, reason=reason)
        messages.success(request, f"Taken off: {len(ids)}. Mails that go out now: {released}.")

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., Any] = self.admin_site.admin_view
        return [path("by-hand/", view(self.by_hand), name="emailqueue_suppression_by_hand"), *super().get_urls()]

    def by_hand(self, request: HttpRequest) -> HttpResponse:
        """Put an address on the list."""
        if not self.has_view_permission(request):
            raise Http404
        if not request.user.has_perm("emailqueue.add_suppression"):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = SuppressForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._listed(request, form):
            return redirect("admin:emailqueue_suppression_changelist")
        context = {**self.admin_site.each_context(request), "form": form, "title": "Put an address on the list"}
        return render(request, "admin/emailqueue/suppression_form.html", context)

    def _listed(self, request: HttpRequest, form: SuppressForm) -> bool:
        cleaned = form.cleaned_data
        until = timezone.now() + timedelta(days=cleaned["days"]) if cleaned["days"] else None
        try:
            row = operators.suppress(
                address=cleaned["address"], by=request.user, reason=cleaned["reason"], expires_at=until
            )
        except AddressInvalid as error:
            form.add_error("address", str(error))
            return False
        messages.success(request, f"Nothing is sent to {row.address} any more.")
        return True


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    list_display = ("address", "topic", "at", "source")
    list_filter = ("topic", "source")
    search_fields = ("=address",)
    ordering = ("-pk",)


@admin.register(MailAct)
class MailActAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "by", "address", "the_mail", "reason")
    list_filter = ("kind",)
    list_select_related = ("by",)
    search_fields = ("=address",)
    ordering = ("-pk",)

    @admin.display(description="mail")
    def the_mail(self, act: MailAct) -> SafeString | str:
        if act.email_id is None:
            return "-"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:emailqueue_email_change", args=[act.email_id]), act.email_id
        )


@admin.register(EmailEvent)
class EmailEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "address", "status", "detail", "email_id")
    list_filter = ("kind",)
    search_fields = ("=email__id", "=status")
    ordering = ("-pk",)
