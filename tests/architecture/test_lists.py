"""Every list has saved views and files: by the one component, and its default view is known."""

import re

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from prm.lists import LISTS
from tests.architecture.walk import FOREIGN_NAMESPACES, url_patterns

TEMPLATES = settings.BASE_DIR / "templates"
_BAR, _PAGES, _VIEWS = "components/filter_bar.html", "components/pagination.html", "{% saved_views %}"
# what makes a page a list: it is narrowed by the filter bar, turned page by page, or has views
_MARKS = (_BAR, _PAGES, _VIEWS)
# template: why it has such a part and is no list with views of its own
OTHERWISE = {
    "styleguide.html": "shows the components",
    "visits/draw_new.html": "a step of making a draw",
    "visits/plan_week.html": "a step of planning a week",
    "concerns/trends.html": "a report: it opens with the time it is asked for",
    "reports/share.html": "a report",
    "reports/targets.html": "a report",
    "reports/measure.html": "a report",
    "reports/measures.html": "a catalogue of reports",
    "reports/funnel.html": "a report",
    "reports/coverage.html": "a report",
    "reports/avoidable.html": "a report",
    "reports/_network.html": "a report",
    "reports/_table.html": "a table of a report",
    "reports/_frame.html": "the frame of the reports",
    "reports/alerts_untested.html": "the small print of a run of alerts, with files of its own",
    "contacts/specialties.html": "a settings page: words, in one order",
    "contacts/duplicates.html": "a queue that is decided from the top; nothing narrows it",
    "referrals/matching.html": "a queue that is decided from the top",
    "referrals/market.html": "a handful of files on their way in",
    "referrals/_batches.html": "the rows of a list: there are none in an empty world",
    "referrals/batch.html": "one file, with its own rows",
    "compliance/physicians.html": "one year of one physician is looked up there; the ledger is the list",
    "visits/target_list.html": "one list, with its own rows and files",
    "visits/material.html": "one material, with its own rows",
}
# list: why it cannot be downloaded
NO_FILES = {"reports:runs": "each row is a report with files of its own"}


def _templates() -> dict[str, str]:
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}


def _shown(as_, page):
    answer = as_("ada").get(reverse(page), {"view": "all"})
    assert answer.status_code in {200, 403}, page
    if answer.status_code == 403:  # rows linked to patients are granted one by one
        answer = as_("ivan").get(reverse(page), {"view": "all"})
    return answer


def _drawn(answer):
    return {"".join(template.name) for template in getattr(answer, "templates", ()) if template.name}


def test_every_filter_bar_brings_the_views():
    assert _VIEWS in (TEMPLATES / _BAR).read_text()


def test_every_template_of_a_list_is_known_or_tells_why_not(as_, world):
    texts = _templates()
    listing = {name for name, text in texts.items() if any(mark in text for mark in _MARKS)} - {_BAR, _PAGES}
    drawn_by_lists = set()
    for page in LISTS:
        answer = _shown(as_, page)
        drawn = _drawn(answer)
        assert any(_BAR in texts[name] or _VIEWS in texts[name] for name in drawn & listing), f"{page} has no saved views"
        if _BAR in drawn or "components/saved_views.html" in drawn:  # some show them only when there are rows
            assert 'aria-label="Saved views"' in answer.content.decode(), f"{page} has no saved views"
        drawn_by_lists |= drawn
    missing = listing - drawn_by_lists - set(OTHERWISE)
    assert not missing, f"name the URL of {missing} in prm/lists.py, or tell here why it has no views"
    assert set(OTHERWISE) <= listing, "stale"


def test_every_url_that_draws_a_list_is_known(as_, world):
    """From the pages, not from the templates: whatever draws the parts of a list is one."""
    unknown = set()
    for path, name, _ in url_patterns():
        if "<" in path or name.split(":")[0] in FOREIGN_NAMESPACES or path.startswith(("api/", "account/")) or name in LISTS:
            continue
        try:
            drawn = _drawn(as_("ada").get(reverse(name)))
        except NoReverseMatch:
            continue
        if drawn & {_BAR, _PAGES, "components/saved_views.html"} and not drawn & set(OTHERWISE):
            unknown.add(name)
    assert not unknown, "name them in prm/lists.py, or their template here with the reason"


@pytest.mark.parametrize("page", sorted(LISTS))
def test_every_list_offers_its_files(as_, world, page):
    """By its templates: an empty list offers none."""
    texts = "".join((TEMPLATES / name).read_text() for name in _drawn(_shown(as_, page)) if (TEMPLATES / name).exists())
    offers = "data-file" in texts or "components/files.html" in texts or re.search(r'url "[\w:-]*(?:export|-file)"', texts)
    assert bool(offers) != (page in NO_FILES), page


@pytest.mark.parametrize("page", sorted(LISTS))
def test_lists_take_no_arguments(page):
    assert re.fullmatch(r"/[\w/-]+/", reverse(page))
