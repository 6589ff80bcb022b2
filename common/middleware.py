"""Middleware that knows nothing of the domain."""

import logging
import socket
from collections.abc import Callable
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from common.disk import FULL, is_disk_full

log = logging.getLogger(__name__)


AWAY = (InterfaceError, OperationalError)


def database_away(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503 with a sentence when Postgres is restarting, full or out of reach: nothing was saved, and trying again helps."""
    log.warning("database out of reach: %s", type(error).__name__)
    headers = {"Retry-After": "10"}
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"detail": "The database is out of reach. Nothing was saved; try again in a minute."}, status=503, headers=headers
        )
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def disk_full(request: HttpRequest) -> HttpResponse:
    """503 with a sentence when there is no room for what was sent, or for what Postgres has to write."""
    log.error("the disk is full")
    headers = {"Retry-After": "60"}
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": FULL}, status=503, headers=headers)
    return HttpResponse(render_to_string("503.html", {"sentence": FULL}), status=503, headers=headers)


def no_error_of_ours(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer when what failed is the machine under PRM, and None when it is PRM."""
    if is_disk_full(error):
        return disk_full(request)
    return database_away(request, error) if isinstance(error, AWAY) else None


class DatabaseAway:
    """Answers for a view that met no database, or no room. What middleware around it meets, such as a session, ends in `server_error`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return no_error_of_ours(request, error)


class NobodyWaits:
    """Does no work for a request whose sender hung up before its turn came.

    A thousand phones that come back at once stand in line longer than they wait for an answer. Each that gives up asks again, and a server
    that still answers all that was given up has no time left for those who wait: none of them ever gets through. Only requests that change
    nothing, and those that come again under their key, are let go; a form that was sent is carried out, whoever closed the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        comes_again = request.method in {"GET", "HEAD"} or "Idempotency-Key" in request.headers
        if comes_again and has_hung_up(request.META.get("gunicorn.socket")):
            answer = HttpResponse(status=499, reason="Client Closed Request")  # nobody reads it; the number is the one that nginx logs
            vars(answer)["_has_been_logged"] = True  # a thousand of them are no news
            return answer
        return self.get_response(request)


def has_hung_up(connection: socket.socket | None) -> bool:
    """Whether the other side has closed; False where that cannot be seen. Takes nothing out of the connection, and never waits."""
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, ValueError):  # open, and nothing more was sent; or an encrypted one, which cannot be peeked into
        return False
    except OSError:
        return True


class RefuseNul:
    """Answers 400 to a NUL character in the path or the query: Postgres cannot hold one, and no person types it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> None:
        if "\0" in request.path or "\0" in unquote(request.META.get("QUERY_STRING", "")):
            raise BadRequest("The address contains a character that cannot be used.")
