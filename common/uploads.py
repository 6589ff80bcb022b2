"""How the web server keeps a file that is being sent."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from common.disk import DiskFull, disk_full_told


@contextmanager
def _or_nothing(handler: TemporaryFileUploadHandler) -> Iterator[None]:
    try:
        with disk_full_told():
            yield
    except DiskFull:
        with suppress(OSError):  # what it still holds back has no room either
            handler.file.close()
        raise


class ToDisk(TemporaryFileUploadHandler):
    """Django's own, on disk whatever the size; a disk without room is told, and what was written of the file goes."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file."""
        with _or_nothing(self):
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The whole file, every byte of it written."""
        with _or_nothing(self):
            return super().file_complete(file_size)
