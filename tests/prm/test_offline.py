"""The app on a phone: its manifest, its service worker and its shells, which belong to nobody; who is signed in, and the clean sign-out."""

import json
import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import OperationalError, connection
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from prm import offline


@pytest.fixture(autouse=True)
def _fresh():
    offline._shell.cache_clear()
    offline._last.clear()
    yield
    offline._shell.cache_clear()
    offline._last.clear()


def _told(answer):
    """What the worker is started with."""
    return json.loads(re.match(r"self\.PRM_SHELL = (.*);\n", answer.content.decode())[1])


def test_the_worker_is_served_at_the_root_and_asked_for_each_time(client, db):
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/javascript"
    assert answer["Service-Worker-Allowed"] == "/"
    assert answer["Cache-Control"] == "no-cache"
    told = _told(answer)
    assert told["pages"]["*"] == "/shell/offline/"
    assert "importScripts(" in answer.content.decode()
    for url in told["files"]:
        assert finders.find(url.removeprefix(settings.STATIC_URL)), url
    assert not [url for url in [*told["files"], *told["pages"].values()] if url.startswith("/api/")]


def test_the_version_is_that_of_the_shell(client, db, monkeypatch):
    before = _told(client.get("/sw.js"))["version"]
    assert client.get("/shell/offline/")["PRM-Shell"] == before
    offline._shell.cache_clear()
    assert _told(client.get("/sw.js"))["version"] == before
    offline._shell.cache_clear()
    monkeypatch.setattr(offline, "render_to_string", lambda *args: render_to_string(*args) + "<!-- one byte more -->")
    assert _told(client.get("/sw.js"))["version"] != before


def test_the_worker_and_its_pages_are_told_while_the_database_is_away(as_, world):
    """What this process told last is told again, to somebody signed in too: a phone keeps its app while the machine is mended."""

    def away(*statement):
        raise OperationalError("the database is away")

    client = as_("nora")
    client.raise_request_exception = False
    with connection.execute_wrapper(away):
        assert client.get("/sw.js").status_code == 503, "nothing was told yet: the browser keeps the worker that it has"
    addresses = ("/sw.js", "/shell/offline/", "/shell/day/", "/manifest.webmanifest")
    before = [client.get(address).content for address in addresses]
    with connection.execute_wrapper(away):
        assert [client.get(address).content for address in addresses] == before
        assert client.get("/visits/").status_code == 503


@pytest.mark.parametrize("name", offline.SHELLS)
def test_a_shell_holds_nobody_and_no_token(as_, world, name):
    strange = as_(None).get(f"/shell/{name}/").content.decode()
    assert as_("nora").get(f"/shell/{name}/").content.decode() == strange
    for word in ("csrfmiddlewaretoken", "Nora", "data-user", world.north_practice.name, world.north_provider.last_name):
        assert word not in strange, word


def test_there_is_no_other_shell(client, db):
    assert client.get("/shell/nothing/").status_code == 404


def test_the_manifest_names_icons_that_exist(client, db):
    answer = client.get("/manifest.webmanifest")
    told = answer.json()
    assert answer["Content-Type"] == "application/manifest+json"
    assert {icon["sizes"] for icon in told["icons"]} >= {"192x192", "512x512"}
    assert told["display"] == "standalone"
    for icon in told["icons"]:
        assert finders.find(icon["src"].removeprefix(settings.STATIC_URL)), icon
    for shortcut in [{"url": told["start_url"]}, *told["shortcuts"]]:
        assert client.get(shortcut["url"]).status_code == 302  # to the sign-in


def test_who_is_signed_in(as_, world):
    answer = as_("nora").get("/api/session/")
    told = answer.json()
    assert (told["user"], told["name"]) == (world.nora.pk, "Nora")
    assert len(told["csrf"]) == 64
    assert abs((timezone.now() - parse_datetime(told["now"])).total_seconds()) < 60
    assert "no-store" in answer["Cache-Control"]
    stranger = as_(None).get("/api/session/")
    assert (stranger.status_code, stranger.json()) == (401, {"detail": "Sign in first."})


def test_sign_out_leaves_a_clean_browser(as_, world):
    client = as_("nora")
    assert "Clear-Site-Data" not in client.get("/account/logout/").headers
    assert "Clear-Site-Data" not in client.post("/people/me/", {"full_name": "Nora"}).headers
    assert client.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/api/session/").status_code == 401
