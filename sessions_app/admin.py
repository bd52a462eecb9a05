"""What operators see of people and sessions; state moves only through actions that call the services."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows import reauthentication
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator

from lib.read_only_admin import ReadOnlyAdmin
from sessions_app import services
from sessions_app.forms import EndEverybodyForm
from sessions_app.models import ApiToken, Device, SecurityEvent, Session, User

# Whoever could write these could give themselves whatever they lack.
RIGHTS = {"is_staff", "is_superuser", "groups", "user_permissions"}


def _reaches(request: HttpRequest, user: User) -> bool:
    """Tell whether this operator may change that person: whoever sets a password can become its owner."""
    return request.user.is_superuser or user == request.user or not (user.is_staff or user.is_superuser)


def _report(request: HttpRequest, done: int, skipped: int, verb: str) -> None:
    messages.success(request, f"{done} {verb}, {skipped} skipped.")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("email", "display_name", "is_active", "is_staff", "joined_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "display_name")
    ordering = ("-pk",)
    show_full_result_count = False
    readonly_fields = ("is_active", "joined_at", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "display_name", "time_zone", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Moments", {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "display_name", "usable_password", "password1", "password2")}),)
    actions = ("deactivate", "reactivate", "end_sessions")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _reaches(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    @method_decorator(reauthentication_required(allow_get=True))
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if reauthentication.is_reauthentication_required(request, app=""):
            if request.method == "POST":
                # To be filled in again: what waits for a proof is kept in the session, and this holds a password.
                return redirect(request.path)
            raise ReauthenticationRequired
        before = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        if before and User.objects.filter(pk=before.pk).exclude(password=before.password).exists():
            services.note_password_change(**self._whose(request, before))
        return response

    def _whose(self, request: HttpRequest, user: User) -> dict[str, Any]:
        keep = request.session.row_id if user.pk == request.user.pk else None
        return {"user_id": user.pk, "keep_session_id": keep, "by": request.user, "client": request.client}

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and "email" in form.changed_data:
            services.note_email_change(**self._whose(request, form.instance))
        if RIGHTS & set(form.changed_data):
            services.note_privilege_change(user_id=form.instance.pk, by=request.user)

    @admin.action(description="Close the account and end its sessions", permissions=["change"])
    @method_decorator(reauthentication_required)
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        reached = [user for user in queryset if _reaches(request, user)]
        done = sum(services.deactivate_user(user_id=user.pk, by=request.user) for user in reached)
        _report(request, done, len(queryset) - done, "closed")

    @admin.action(description="Open the account again", permissions=["change"])
    @method_decorator(reauthentication_required)
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        reached = [user for user in queryset if _reaches(request, user)]
        done = sum(services.reactivate_user(user_id=user.pk, by=request.user) for user in reached)
        _report(request, done, len(queryset) - done, "opened")

    @admin.action(description="End all sessions", permissions=["change"])
    @method_decorator(reauthentication_required)
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        ended = [
            services.end_all_sessions(user_id=user.pk, by=request.user, reason=Session.Reason.OPERATOR)
            for user in queryset
        ]
        _report(request, sum(ended), ended.count(0), "sessions ended")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    # What a group may do is a right of each member, the operator who writes it perhaps among them.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    @method_decorator(reauthentication_required(allow_get=True))
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        services.delete_groups(group_ids=[obj.pk], by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        services.delete_groups(group_ids=[group.pk for group in queryset], by=request.user)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "permissions" in form.changed_data:
            services.note_group_change(group_ids=[form.instance.pk], by=request.user)


admin.site.unregister([EmailAddress, Authenticator])


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """An address that is confirmed by whoever may write it here would reset anybody's password."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("=email",)
    ordering = ("-pk",)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    # The secret of an app, the hashes of codes.
    exclude = ("data",)
    ordering = ("-pk",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For who lost the phone and the codes."""
        return request.user.is_superuser


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = (
        "user",
        "label",
        "place",
        "address",
        "created_at",
        "last_seen_at",
        "idle_expires_at",
        "revoked_at",
    )
    list_filter = ("remembered", "revoked_because")
    list_select_related = ("user",)
    search_fields = ("=user__email", "=address")
    search_help_text = "The whole mail address, or the network address."
    ordering = ("-pk",)
    exclude = ("token_hash", "renewed_from_hash", "renewal_seed", "data")
    actions = ("end_sessions",)
    change_list_template = "admin/sessions_app/session/change_list.html"

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_session")

    @admin.action(description="End the chosen sessions", permissions=["end"])
    @method_decorator(reauthentication_required)
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        done = sum(
            services.end_session(
                session_id=row.pk, by=request.user, reason=Session.Reason.OPERATOR, client=request.client
            )
            for row in queryset
        )
        _report(request, done, len(queryset) - done, "ended")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.end_everybody)
        return [path("end-everybody/", view, name="sessions_app_session_end_everybody"), *super().get_urls()]

    @method_decorator(reauthentication_required)
    def end_everybody(self, request: HttpRequest) -> HttpResponse:
        """Ask for the typed phrase, then end every session of the hall, this one too."""
        if not self.has_end_permission(request):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = EndEverybodyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            services.end_all_sessions(
                user_id=None,
                by=request.user,
                reason=Session.Reason.OPERATOR,
                note=form.cleaned_data["reason"],
            )
            # A request that saves the session which it has just ended would be refused.
            request.session.abandon()
            return redirect("account_login")
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "title": "End every session of the hall",
        }
        return render(request, "admin/sessions_app/session/end_everybody.html", context)


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = ("user", "label", "first_seen_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    exclude = ("token_hash",)
    ordering = ("-pk",)


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "kind", "by", "label", "address", "note")
    list_filter = ("kind",)
    list_select_related = ("user", "by")
    search_fields = ("=user__email", "=address")
    exclude = ("subject_hash",)
    ordering = ("-pk",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = (
        "user",
        "name",
        "hint",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_select_related = ("user",)
    search_fields = ("=user__email", "hint")
    exclude = ("token_hash",)
    ordering = ("-pk",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_apitoken")

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    @method_decorator(reauthentication_required)
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        done = sum(services.revoke_token(token_id=row.pk, by=request.user) for row in queryset)
        _report(request, done, len(queryset) - done, "revoked")
