"""What comes with a form is weighed before it is taken: over the limit, the file is not read at all."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from quotas.services import attaching, files
from quotas.wording import in_bytes

# The rest of the form beside its file: fields, and lines between the parts.
AROUND = 64 * 1024


class QuotaUploadHandler(FileUploadHandler):
    """Stops reading at a file that has no room; the view then says so. It reserves nothing: the service does."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (Django's name)
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        self._length = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated or self._length <= AROUND:
            return
        size = self._length - AROUND
        if not files.fits(user_id=user.pk, size=size):
            free = files.remaining(user_id=user.pk) or 0
            sentence = f"There is no room for this file: it is about {in_bytes(size)}, and {in_bytes(free)} are free."
            setattr(self.request, attaching.REFUSED, sentence)
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
