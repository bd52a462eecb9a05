"""What idempotency keys mean for pages that do not say it themselves: those of libraries, and of the apps below it."""

from idempotency.policies import DONE, REDIRECTS, Policy

# allauth shows a form with its errors again as a plain 200, which must not be kept.
_ANSWERED_BY_REDIRECT = (
    *("account_signup", "account_reset_password", "account_reset_password_from_key", "account_confirm_email"),
    *("account_email", "account_change_password", "account_set_password", "account_email_verification_sent"),
    *("mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes"),
    *("mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn"),
)

_SECRETS_SHOWN = "The secrets were rotated already. Their page shows them."
_SHOWN_ONCE = "The token was made and shown once already. If you did not see it, revoke it and make another."

POLICIES: dict[str, Policy] = {
    **{name: Policy(kept=REDIRECTS) for name in _ANSWERED_BY_REDIRECT},
    "admin:": Policy(kept=REDIRECTS),
    "preferences:theme": Policy(strangers=False),
    "preferences:settings": Policy(strangers=False),
    "webhooks:secrets": Policy(secret=True, back="webhooks:endpoints", said="Secrets are shown anew to each request."),
    "sessions_app:token_create": Policy(kept=DONE, secret=True, back="sessions_app:tokens", said=_SHOWN_ONCE),
}

# Of the JSON API, by the name of the operation's function.
OPERATIONS: dict[str, Policy] = {
    "rotate_secrets": Policy(secret=True, said=_SECRETS_SHOWN),
    "create_token": Policy(secret=True, said=_SHOWN_ONCE),
}

# Where doing it twice is the same as doing it once, and where the answer is a cookie, which is never kept.
EXEMPT: dict[str, str] = {
    "emailqueue:unsubscribe": "stopping twice is stopping; a mail program sends no key",
    "emailqueue:postmark_reports": "each event has an id of its own and is taken in once",
    "emailqueue:sendgrid_reports": "each event has an id of its own and is taken in once",
    "emailqueue:ses_reports": "each event has an id of its own and is taken in once",
    "account_login": "opens a session, and its cookie must not come from a copy; in twice is in",
    "account_request_login_code": "opens a session, whose cookie says which code is meant; the newest code counts",
    "account_confirm_login_code": "opens a session, and its cookie must not come from a copy",
    "mfa_authenticate": "opens a session, and its cookie must not come from a copy",
    "mfa_login_webauthn": "opens a session, and its cookie must not come from a copy",
    "account_reauthenticate": "changes nothing but how lately this session proved who it is",
    "mfa_reauthenticate": "changes nothing but how lately this session proved who it is",
    "mfa_reauthenticate_webauthn": "changes nothing but how lately this session proved who it is",
    "account_logout": "ends this session; out twice is out, and its answer clears the browser",
    "sessions_app:all_devices_end": "ends this session too; out twice is out, and its answer clears the browser",
    "admin:login": "the same page as everybody's sign-in",
    "admin:logout": "ends this session; out twice is out",
}
