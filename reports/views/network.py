"""Who sends to whom: the network of a field, and one node among its neighbors. HTTP only."""

import json
from dataclasses import replace
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.templatetags.prm import number
from contacts.models import Organization, Practice, Provider
from reports import actions, exports, networking
from reports.charts import network as pictures
from reports.exports import network as files
from reports.keeping import kept
from reports.models import ReportRun
from reports.neighbors import Neighborhood, neighborhood
from reports.networking import LEVELS, PRACTICES, Whole
from reports.presenters import network as lists
from reports.queries.cells import branch
from reports.queries.links import KINDS, ORGANIZATION, PRACTICE, PROVIDER, EgoLinks, ego_links, key_of, memberships
from reports.queries.nodes import KIND_WORDS, node_words
from reports.queries.runs import fingerprint, question_of
from reports.questions import Question, ask, of_run
from reports.views.pages import frame, nothing_yet
from territories.scope import Scope

PAGE_ROWS = 25
MODELS: dict[str, type[Any]] = {PROVIDER: Provider, PRACTICE: Practice, ORGANIZATION: Organization}
TABLES = ("links", "nodes")
LIST_COLUMNS = (("name", "Name"), ("sent", "Sent"), ("received", "Received"), ("", "Share"), ("trend", "Trend"))
PARTNER_COLUMNS = (("name", "Partner"), ("sent", "Sent"), ("received", "Received"), ("", "Share"), ("trend", "Trend"))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def network(request: HttpRequest) -> HttpResponse:
    """The whole network of the person's field: picture, its list, and every node with its measures."""
    question = ask(request)
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    level = _level(request)
    context: dict[str, Any] = {
        "levels": [{"url": _level_url(question, name), "label": label, "active": name == level} for name, label in LEVELS.items()],
        "ask_url": f"{reverse('reports:network-ask')}?{question.query(level=level if level != PRACTICES else None)}",
    }
    if (found := whole(question, level)) is not None:
        context |= drawn(request, question, found, level)
    kept_in_address = {"level": level} if level != PRACTICES else {}
    return render(request, "reports/network.html", context | frame(question, "network", **kept_in_address) | beside(question, "network"))


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def network_ask(request: HttpRequest) -> HttpResponse:
    """Have a worker measure the page's network, with the page's filters."""
    if (question := ask(request)) is None:
        raise Http404("There is no data yet.")
    level = _level(request)
    try:
        run = actions.ask_for_network(window=question.window, chosen=question.chosen, level=level, by=question.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(_level_url(question, level))
    return redirect(run)


def drawn(request: HttpRequest, question: Question, found: Whole, level: str) -> dict[str, Any]:
    """A measured network as picture, list and table, live or of a finished run."""
    part = networking.shown(found, most_nodes=pictures.MOST_NODES, most_ties=pictures.MOST_TIES)
    sort, down = _order(request, "sort", lists.SORTS)
    page = Paginator(lists.ranked(found, sort, down=down), PAGE_ROWS).get_page(request.GET.get("page"))
    wanted = {*(str(node.key) for node in part.nodes if not str(node.key).endswith(":rest")), *(str(node.key) for node in page)}
    known = node_words(sorted(wanted), user=request.user, day=question.window.last_day)
    order, order_down = _order(request, "order", lists.ORDERS)
    returns = level == networking.ORGANIZATIONS
    return {
        "found": found,
        "picture": pictures.whole_picture(found, part, known, question.rules, f"{LEVELS[level]}, {question.window.words}."),
        "items": lists.items(part, known, order, down=order_down),
        "order": order,
        "order_down": order_down,
        "list_columns": LIST_COLUMNS,
        "query": _asked(question),
        "page": page,
        "rows": lists.measured(page.object_list, found, known, returns=returns),
        "headings": [(name if name in lists.SORTS else "", lists.HEADINGS[name]) for name in lists.columns(returns)],
        "sort": sort,
        "sort_down": down,
        "files": {table: _files(question, table, level) for table in TABLES} if question.user.can(Permission.EXPORT) else {},
    }


def run_page(request: HttpRequest, run: ReportRun) -> tuple[str, dict[str, Any]]:
    """A finished run, drawn like the live page from what was stored."""
    question, level = of_run(run, cast(User, request.user)), run.parameters["level"]
    narrower = {name: run.parameters[name] for name in networking.NARROWER if name in run.parameters}
    question = replace(question, chosen={**question.chosen, **narrower})
    context = drawn(request, question, Whole.from_json(run.result or {}), level)
    return "reports/run_network.html", {
        **context,
        "files": {},
        "question": question,
        "has_charts": False,
        "narrowed": (run.result or {}).get("narrowed", []),
        "live_url": question.page("network", level=level if level != PRACTICES else None),
    }


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def network_of(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One provider, practice or organization among those it sends to and hears from."""
    subject = _subject(request, kind, pk)
    question = ask(request)
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    links = _ego(question, kind, pk)
    found = neighborhood(key_of(kind, pk), links.links, question.window)
    keys = [found.center, *(partner.key for partner in found.partners)]
    known = node_words(keys, user=request.user, day=question.window.last_day)
    order, down = _order(request, "order", lists.ORDERS)
    what = KIND_WORDS[kind].lower()
    context = {
        "subject": subject,
        "kind": kind,
        "what": what,
        "found": found,
        "kpis": lists.kpis(found, len(list(question.window.each_month()))),
        "picture": pictures.ego_picture(
            found,
            links.within,
            known,
            question.rules,
            what=what,
            sub=f"Who sends at the left, who receives at the right, {question.window.words}.",
            notes=_notes(links, what),
            elsewhere=links.elsewhere,
            elsewhere_name=_elsewhere(links),
        ),
        "elsewhere": links.elsewhere,
        "elsewhere_name": _elsewhere(links),
        "items": lists.partners(found, known, order, down=down),
        "order": order,
        "order_down": down,
        "list_columns": PARTNER_COLUMNS,
        "list_title": _list_title(found),
        "list_sub": f"Share: of all that this {what} sends{'' if found.destinations else ' or receives'}.",
        "round_word": "Practice or provider" if kind == PROVIDER else "Practice",
        "query": _asked(question),
        "crumbs": [{"url": question.page("network"), "label": "Network"}],
        "position_url": f"{reverse('reports:network-position', args=[kind, pk])}?{question.query()}",
        "files": _ego_files(question, kind, pk),
    }
    around = frame(question, "network")
    question.form.fields.pop("territory")  # one node lies where it lies
    clear = reverse("reports:network-of", args=[kind, pk]) if question.query() else ""
    return render(request, "reports/network_of.html", context | around | beside(question, "") | {"clear_url": clear})


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def position(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Community and betweenness of a node among all organizations of the field: a lazy part, as the whole must be measured for it.

    A practice stands there as the organization it belongs to.
    """
    subject = _subject(request, kind, pk)
    question = ask(request)
    if question is None or question.scope.is_empty:
        raise Http404("No network yet.")
    if (found := whole(question, networking.ORGANIZATIONS)) is None:
        return render(request, "reports/_network_position.html", {"is_large": True, "network_url": question.page("network")})
    group = subject.organization if kind == PRACTICE else None
    key = key_of(ORGANIZATION, group.pk) if group else key_of(kind, pk)
    ranks = {node.key: place for place, node in enumerate(sorted(found.nodes, key=lambda node: (-node.betweenness, str(node.key))), 1)}
    node = next((node for node in found.nodes if node.key == key), None)
    members = [other for other in found.nodes if node and other.community == node.community and other.key != key][:3]
    known = node_words([str(other.key) for other in members], user=request.user, day=question.window.last_day)
    context = {
        "node": node,
        "kind": kind,
        "betweenness": f"{node.betweenness:.3f}" if node and node.betweenness else "",
        "question": question,
        "letter": pictures.letter(node.community) if node else "",
        "found": found,
        "rank": ranks.get(key),
        "members": [known[str(other.key)].name for other in members],
        "network_url": _level_url(question, networking.ORGANIZATIONS),
        "group": group,
    }
    return render(request, "reports/_network_position.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.EXPORT)
def network_file(request: HttpRequest, table: str, kind: str) -> HttpResponseBase:
    """`links.csv`, `nodes.xlsx`: every one, with the filter of the page."""
    question = ask(request)
    if table not in TABLES or kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    if (found := whole(question, _level(request))) is None:
        raise Http404("So large a network is a report that a worker makes, with files of its own.")
    known = node_words([str(node.key) for node in found.nodes], user=request.user, day=question.window.last_day)
    made = (files.links if table == "links" else files.nodes)(found, known, question.rules.small_cell)
    record("report.exported", by=request.user, table=f"network-{table}", kind=kind, filter=question.query())
    return exports.response(f"network-{table}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.EXPORT)
def network_of_file(request: HttpRequest, node: str, pk: int, kind: str) -> HttpResponseBase:
    """The neighbors of one node."""
    _subject(request, node, pk)
    question = ask(request)
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    found = neighborhood(key_of(node, pk), _ego(question, node, pk).links, question.window)
    known = node_words([partner.key for partner in found.partners], user=request.user, day=question.window.last_day)
    record("report.exported", by=request.user, table=f"network-{node}-{pk}", kind=kind, filter=question.query())
    made = files.partners(found, known, question.rules.small_cell)
    return exports.response(f"network-of-{node}-{pk}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


def beside(question: Question, page: str) -> dict[str, Any]:
    """The neighbors of these pages, which draw without the library of charts."""
    names = (("network", "Network"), ("map", "Map")) if question.sees_sources else (("map", "Map"),)
    pages = [{"url": question.page(name), "label": label, "active": name == page} for name, label in names]
    return {"pages": [{"url": reverse("reports:all"), "label": "All reports", "active": False}, *pages], "has_charts": False}


def whole(question: Question, level: str) -> Whole | None:
    """The network of the question: a finished run of the newest data, else measured now and kept; None where that is a worker's work."""
    belongs = memberships()  # who belongs to whom is no part of the data's version
    if (stored := _stored(question, level, belongs)) is not None:
        return Whole.from_json(stored.result or {})
    if networking.is_large(window=question.window, where=question.where, scope=question.scope):
        return None
    chosen = sorted(question.chosen.items())
    parts = ["network", level, belongs, question.fresh.version, fingerprint(question.scope), str(question.window), chosen]
    asked = json.dumps(parts, sort_keys=True) if question.fresh.version else ""

    def compute() -> Any:
        return networking.whole(window=question.window, where=question.where, scope=question.scope, level=level).to_json()

    return Whole.from_json(kept(asked, compute))


def _stored(question: Question, level: str, belongs: str) -> ReportRun | None:
    """A finished run that answers just this."""
    if not question.chosen.keys() <= {"territory", *networking.NARROWER}:
        return None
    scope, territory = question.scope, question.chosen.get("territory")
    if territory is not None:
        scope = Scope(territory_ids=branch(territory, question.known.parents))
        if not (question.scope.whole or scope.territory_ids <= question.scope.territory_ids):
            return None
    liaison = None if territory is not None or scope.whole else question.user.pk
    asked = question_of(
        kind=networking.NETWORK,
        parameters=networking.parameters_of(window=question.window, level=level, chosen=question.chosen),
        territory_id=territory,
        liaison_id=liaison,
        scope=scope,
        basis=belongs,
    )
    return ReportRun.objects.visible_to(question.user).finished().filter(question=asked, data_version=question.fresh.version).first()


def _ego(question: Question, kind: str, pk: int) -> EgoLinks:
    where = {name: value for name, value in question.where.items() if name != "territory"}
    return ego_links(kind=kind, pk=pk, window=question.window, where=where, scope=question.scope)


def _subject(request: HttpRequest, kind: str, pk: int) -> Any:
    if kind not in KINDS:
        raise Http404("No such kind of node.")
    return get_object_or_404(MODELS[kind].objects.visible_to(request.user), pk=pk)


def _asked(question: Question) -> str:
    """The filters as they go on to another node; the territory stays behind, for a node lies where it lies."""
    query = question.query(territory=None)
    return f"?{query}" if query else ""


def _list_title(found: Neighborhood) -> str:
    sends, hears = len(found.destinations), len(found.referrers)
    return f"{pictures.plural(sends, 'destination')}, {number(hears)} who send{'s' if hears == 1 else ''}"


def _level(request: HttpRequest) -> str:
    level = request.GET.get("level") or PRACTICES
    if level not in LEVELS:
        raise Http404("No such level.")
    return level


def _order(request: HttpRequest, name: str, among: tuple[str, ...]) -> tuple[str, bool]:
    """The column and whether it falls; names rise unless the address says otherwise."""
    chosen = request.GET.get(name, "")
    column = chosen.lstrip("-")
    return (column, chosen.startswith("-")) if column in among else (among[0], True)


def _level_url(question: Question, level: str) -> str:
    return question.page("network", level=level if level != PRACTICES else None)


def _files(question: Question, table: str, level: str) -> dict[str, str]:
    query = question.query(level=level if level != PRACTICES else None)
    return {kind: f"{reverse('reports:network-file', args=[table, kind])}{'?' if query else ''}{query}" for kind in exports.KINDS}


def _ego_files(question: Question, node: str, pk: int) -> dict[str, str]:
    if not question.user.can(Permission.EXPORT):
        return {}
    query = question.query()
    return {kind: f"{reverse('reports:network-of-file', args=[node, pk, kind])}{'?' if query else ''}{query}" for kind in exports.KINDS}


def _elsewhere(links: EgoLinks) -> str:
    return pictures.plural(links.elsewhere_practices, "practice") + " elsewhere" if links.elsewhere_practices else "Elsewhere"


def _notes(links: EgoLinks, what: str) -> list[str]:
    """What is not drawn, and why."""
    notes = []
    if links.other_offices:
        notes.append(f"{pictures.plural(links.other_offices, 'more referral')} from other offices.")
    if links.unnamed:
        notes.append(f"{pictures.plural(links.unnamed, 'more referral')} name no destination that we know.")
    if what == "practice":
        notes.append("Referrals name organizations: a practice receives what names somebody who works there.")
    return notes
