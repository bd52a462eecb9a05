"""Files that come with words: they are stored before the words stand, and stay ticked when those are refused."""

from comments.forms import AttachForm
from quotas import services as quotas
from quotas.models import ATTACHED_MAX, StoredFile
from sessions_app.requests import Request

CHOICES = 8


class Desk:
    """What a person attaches to what they write: `form` for the page, `keys` once it was taken."""

    def __init__(self, request: Request) -> None:
        self.user = request.user
        self.keys: list[int] = []
        # Of what has no room nothing was read; the rest of the form was.
        self.refusal = quotas.why_not_read(request=request)
        self.status = 413 if self.refusal else 422
        posted = request.method == "POST"
        self.form = AttachForm(*(request.POST, request.FILES) if posted else (None, None), most=ATTACHED_MAX)

    def is_taken(self) -> bool:
        """Store what came, and return whether all of it is there."""
        if self.refusal:
            return False
        if not self.form.is_valid():
            self.refuse(" ".join(str(error) for errors in self.form.errors.values() for error in errors))
            return False
        self.keys = list(self.form.cleaned_data["kept"])
        try:
            self.keys += quotas.store_sent(sent=self.form.cleaned_data["sent"], by=self.user)
        except quotas.QuotaExceeded as error:
            self.status = 413
            self.refuse(str(error))
            return False
        return True

    def refuse(self, why: str) -> None:
        self.refusal = why

    def choices(self) -> list[tuple[StoredFile, bool]]:
        """Return the latest files of the person, and before them those that were chosen, each with whether it was."""
        latest = StoredFile.objects.live().visible_to(self.user).order_by("-changed_at", "-pk")
        chosen = latest.filter(pk__in=self.keys) if self.keys else ()
        others = latest.exclude(pk__in=self.keys)[:CHOICES]
        return [(file, True) for file in chosen] + [(file, False) for file in others]
