"""Where bytes lie in the storage: made from ids alone, never from a name that somebody gave."""


def folder_of(blob_id: object) -> str:
    """Return where the parts of a blob lie."""
    return f"blobs/{str(blob_id)[:2]}/{blob_id}"


def picture_of(blob_id: object) -> str:
    """Return where its small picture lies: beside the parts, so that it goes with them."""
    return f"{folder_of(blob_id)}/picture.webp"
