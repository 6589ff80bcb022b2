"""Lists as files: the address of a list with `file=csv` or `file=xlsx` answers what is seen there, for those who may download."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common import columns
from common.csvsafe import csv_response, xlsx_response

_FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


def asked_kind(request: HttpRequest) -> str:
    """The kind of file that the address asks for, or nothing."""
    kind: str = request.GET.get("file", "")
    if kind and not cast(User, request.user).can(Permission.EXPORT):
        raise PermissionDenied(f"Your role does not let you {Permission.EXPORT}.")
    return kind


def send_file(
    request: HttpRequest,
    what: str,
    kind: str,
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    count: int,
    belongs: columns.Belongs | None = None,
) -> HttpResponseBase:
    """A list as a file of that kind, without the columns that the address hides (`belongs`: common.columns); it is recorded."""
    if kind not in _FILES:
        raise Http404("No such file.")
    told = sorted(name for name, value in request.GET.items() if value and name != "file")
    record(f"{what}.exported", by=cast(User, request.user), rows=count, kind=kind, filters=told)
    header, rows = columns.seen(request.GET, header, rows, belongs)
    return _FILES[kind](f"{what}-{timezone.localdate():%Y-%m-%d}.{kind}", header, rows)
