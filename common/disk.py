"""A disk without room, as the sentence that whoever waits is told."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from common.exceptions import InputError

FULL = "The disk of the server is full, so the file could not be kept. Nothing was changed. Tell your administrator, then try again."
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_POSTGRES_FULL = "53100"
_SQLITE_FULL = 13


class DiskFull(InputError):
    """There is no room for the file. It is a whole file all the same, and may be sent again."""

    def __init__(self) -> None:
        super().__init__(FULL)


def is_disk_full(error: BaseException | None) -> bool:
    """Ours, the operating system's or a database's; the cause of an error counts as well."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
            return True
        if getattr(error, "pgcode", None) == _POSTGRES_FULL or getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def disk_full_told() -> Iterator[None]:
    """An operating system's error about room becomes `DiskFull`."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull from error
        raise
