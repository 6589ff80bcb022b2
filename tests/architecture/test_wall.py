"""The wall (METHODS section 7): what physicians are given and what they refer never meet.

Value or volume of referrals must not decide who is given something, so nothing that reckons with referrals may read the spend ledger, which
lives in `compliance`: not by import, not by the name of a model, a relation, a column, a table or a URL, not by raw SQL, and no page of
reports shows it. What falls under the wall is `reports`, and the target lists of `visits`, whose values reports writes.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compliance.filters import SORTS, SpendFilter
from contacts.models import Organization, Practice, Provider, Staff
from tests.architecture.walk import modules, url_patterns
from tests.factories.contacts import align
from tests.factories.spend import make_draft, make_limit
from visits.actions import log_visit
from visits.models import VisitSpend

BEHIND_THE_WALL = ("reports", "planning")
ALSO = (
    "visits/models/targets.py",
    "visits/actions/targets.py",
    "visits/views/targets.py",
    "visits/forms/targets.py",
    # a practice's trend stands on the brief and in the phone's pack, its target's value decides a draft
    "visits/models/trends.py",
    "visits/brief.py",
    "visits/packing.py",
    "visits/pack.py",
    "visits/today.py",
    "visits/planning.py",
    "visits/views/today.py",
    "visits/views/plan_week.py",
)
TEMPLATES = (
    "reports/**/*.html",
    "planning/**/*.html",
    "visits/target*.html",
    "visits/brief.html",
    "visits/today.html",
    "visits/_stop.html",
    "visits/plan_week.html",
    "visits/*draft.html",
)
LEDGER = "compliance"
# A name whose words speak of what is given: spend, spend_entry, SpendEntry, total_spend, compliance, gifts, repayment_task.
_WORDS = frozenset({"spend", "spends", "spending", "spent", "compliance", "gift", "gifts", "repayment", "repayments"})
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Ways of reaching a model that no import shows. Who needs one names the model in the import instead.
_LOOKUPS = frozenset(
    {"get_model", "get_models", "get_app_config", "get_app_configs", "import_module", "__import__", "ContentType", "all_models"}
)
_SQL = re.compile(r"\b(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from)\b", re.IGNORECASE | re.DOTALL)
_TABLE = re.compile(r"\b\w+_\w+\b")  # a sentence for people has no such word
# (module, breach without its line): why it is none
EXCEPTIONS = {
    ("reports/apps.py", "import_module"): "reports.closings alone, which tells of closing days when asked",
    ("reports/kinds/roi.py", ".compliance"): "how far visits followed a drawn order (visits.queries.Followed), no ledger",
}


def _speaks_of_it(name: str) -> bool:
    return bool(_WORDS & {part.lower() for part in _NAME_PARTS.findall(name)})


def _docstrings(tree: ast.Module) -> set[int]:
    """Sentences for people may say that the wall is there."""
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def _named_lookups(tree: ast.Module) -> set[int]:
    """`apps.get_model("visits", "Visit")`, as querysets do it: what is asked for stands there, so its words are read like any other."""
    return {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get_model"
        and not node.keywords
        and node.args
        and all(isinstance(argument, ast.Constant) for argument in node.args)
    }


def breaches(tree: ast.Module) -> list[str]:
    """Where a module reaches, or could reach, over the wall."""
    found, prose, named = [], _docstrings(tree), _named_lookups(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            found += [
                f"{line}: import {alias.name}" for alias in node.names if alias.name.split(".")[0] == LEDGER or _speaks_of_it(alias.name)
            ]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
            found += [f"{line}: from {node.module} import {name}" for name in names if _speaks_of_it(name)]
        elif isinstance(node, ast.Name) and (node.id in _LOOKUPS or _speaks_of_it(node.id)):
            found.append(f"{line}: {node.id}")
        elif isinstance(node, ast.Attribute) and ((node.attr in _LOOKUPS and id(node) not in named) or _speaks_of_it(node.attr)):
            found.append(f"{line}: .{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg and _speaks_of_it(node.arg):
            found.append(f"{line}: {node.arg}=")
        elif isinstance(node, ast.arg) and _speaks_of_it(node.arg):
            found.append(f"{line}: {node.arg}")
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and _speaks_of_it(node.name):
            found.append(f"{line}: {node.name}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            text = node.value
            is_name = not re.search(r"\s", text.strip())  # "compliance.SpendEntry", "spend__amount", "compliance:ledger", "spend"
            names_a_table = any(_speaks_of_it(word) for word in _TABLE.findall(text))
            if names_a_table or (_speaks_of_it(text) and (is_name or _SQL.search(text))):
                found.append(f"{line}: {text[:60]!r}")
    return found


def _walled() -> Iterator[tuple[Path, ast.Module]]:
    for _, path, tree in modules(*BEHIND_THE_WALL):
        yield path, tree
    for _, path, tree in modules("visits"):
        if str(path) in ALSO:
            yield path, tree


def test_nothing_behind_the_wall_reaches_over_it() -> None:
    found = {(str(path), breach.partition(": ")[2]) for path, tree in _walled() for breach in breaches(tree)}
    assert found - EXCEPTIONS.keys() == set()
    assert EXCEPTIONS.keys() - found == set(), "stale"


def test_what_is_walled_is_there() -> None:
    paths = {str(path) for path, _ in _walled()}
    assert set(ALSO) <= paths
    assert {"reports/targets.py", "reports/targeting.py", "reports/queries/targets.py", "reports/roi/money.py"} <= paths


@pytest.mark.parametrize(
    "planted",
    [
        "import compliance",
        "import compliance.models as c",
        "from compliance.models import SpendEntry",
        "from compliance import actions",
        "from visits.models import SpendEntry",
        "from visits import spend",
        "def f():\n    from compliance.queries import total",
        'apps.get_model("compliance", "SpendEntry")',
        "apps.get_model(app, model)",
        "django.apps.apps.get_models()",
        "importlib.import_module(name)",
        '__import__("comp" + "liance")',
        "ContentType.objects.get(pk=1)",
        "provider.spend_entries.all()",
        'Provider.objects.annotate(n=Sum("spend__amount"))',
        "Provider.objects.filter(spendentry__year=2026)".replace("spendentry", "spend_entry"),
        'rows.values("total_spend")',
        'reverse("compliance:ledger")',
        'cursor.execute("SELECT sum(amount) FROM compliance_spendentry")',
        'cursor.execute(f"SELECT 1 FROM {table} JOIN compliance_spendentry s ON true")',
        "spend = 1",
        "def gifts(provider): ...",
        "class SpendPanel: ...",
        "order_by(repayments=1)",
    ],
)
def test_a_breach_is_found(planted: str) -> None:
    assert breaches(ast.parse(planted)), planted


@pytest.mark.parametrize(
    "harmless",
    [
        '"""ROI never reads the spend ledger."""',
        'def f():\n    """What is spent is not read."""',
        'text = "What the outreach program costs. Typed here; the spend ledger is not read."',
        'text = "With what is spent taken from the months after, the effect is what is left."',
        "from visits.models import TargetList",
        "provider.suspended = expend(1)",
        'apps.get_model("visits", "Visit").objects',
        'cursor.execute("SELECT sum(amount) FROM reports_programcost")',
    ],
)
def test_what_is_no_breach_is_not(harmless: str) -> None:
    assert not breaches(ast.parse(harmless)), harmless


_TAGS = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


def template_breaches(text: str) -> list[str]:
    """Tags and variables of a template that name what is given."""
    return [tag for tag in _TAGS.findall(text) if _speaks_of_it(tag)]


def test_no_template_behind_the_wall_shows_it() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    files = [path for pattern in TEMPLATES for path in folder.glob(pattern)]
    assert len(files) > 20
    assert {path.name: found for path in files if (found := template_breaches(path.read_text()))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "{{ provider.spend }}",
        "{% include 'compliance/_sum.html' %}",
        "{% url 'compliance:ledger' %}",
        "<div hx-get=\"{% url 'compliance:panel' pk %}\"></div>",
        "{{ row.total_spend|number }}",
    ],
)
def test_a_template_that_shows_it_is_found(planted: str) -> None:
    assert template_breaches(planted)


def _over_the_wall(tables: Iterator[str] | list[str], sql: str) -> list[str]:
    return [table for table in tables if table in sql]


def _tables_of_the_ledger() -> list[str]:
    """Every table of the ledger, the prefix that Django gives them, and the link from visits."""
    own = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.app_label == LEDGER]
    return [f"{LEDGER}_", *own, VisitSpend._meta.db_table]


def test_no_statement_of_a_page_reads_it(as_, world) -> None:
    """What the scan of names cannot see: every page of reports is opened and its statements are read."""
    pages = [name for path, name, _ in url_patterns() if name.startswith("reports:") and "<" not in path]
    assert {"reports:targets", "reports:share", "reports:dashboard"} <= set(pages)
    client, tables = as_("ada"), _tables_of_the_ledger()
    brief = reverse("visits:brief", args=[world.north_practice.pk])
    field = ["visits:target-lists", "visits:today", "visits:plan-week", "field/pack-list"]
    for name in [*map(reverse, [*pages, *field]), brief]:
        with CaptureQueriesContext(connection) as asked:
            client.get(name)
        assert not [query["sql"] for query in asked if _over_the_wall(tables, query["sql"])], name


def test_such_a_statement_is_found() -> None:
    assert _over_the_wall(_tables_of_the_ledger(), 'SELECT sum("amount") FROM "compliance_spendentry"')
    assert not _over_the_wall(_tables_of_the_ledger(), 'SELECT * FROM "reports_programcost"')


def test_no_relation_crosses_it() -> None:
    walled = [model for model in apps.get_models() if model._meta.app_label == "reports" or model.__name__.startswith("Target")]
    crossing = [
        f"{model._meta.label}.{field.name}"
        for model in walled
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model and field.related_model._meta.app_label == LEDGER
    ]
    assert len(walled) > 5
    assert crossing == []


def contract_is_missing(pyproject: str, packages: set[str]) -> bool:
    """import-linter refuses a contract about a package that does not exist: it has to come with the package."""
    if LEDGER not in packages:
        return False
    linter = tomllib.loads(pyproject)["tool"]["importlinter"]
    return LEDGER not in linter["root_packages"] or not any(
        contract["type"] == "forbidden"
        and set(BEHIND_THE_WALL) <= set(contract["source_modules"])
        and LEDGER in contract["forbidden_modules"]
        for contract in linter["contracts"]
    )


def test_the_contract_comes_with_the_package() -> None:
    folder = Path(settings.BASE_DIR)
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert not contract_is_missing((folder / "pyproject.toml").read_text(), packages)


def test_a_missing_contract_is_found() -> None:
    without = '[tool.importlinter]\nroot_packages = ["reports"]\ncontracts = []\n'
    held = """[tool.importlinter]
root_packages = ["reports", "compliance"]
[[tool.importlinter.contracts]]
name = "The wall"
type = "forbidden"
source_modules = ["reports", "planning"]
forbidden_modules = ["compliance"]
"""
    assert contract_is_missing(without, {"reports", "compliance"})
    assert not contract_is_missing(without, {"reports"})
    assert not contract_is_missing(held, {"reports", "compliance"})


# The other side: what shows spend shows nothing of referrals, and is in no order that knows of them.
_VOLUME = frozenset(
    {"referral", "referrals", "volume", "leakage", "inbound", "outbound", "trend", "target", "targets", "brief", "shortfall"}
)


def _speaks_of_volume(name: str) -> bool:
    return bool(_VOLUME & {part.lower() for part in _NAME_PARTS.findall(name)})


def volume_breaches(tree: ast.Module) -> list[str]:
    """Where a module of the ledger names what is counted of referrals: its imports, names, keywords and texts without a space."""
    found, prose = [], _docstrings(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
            found += [f"{line}: {name}" for name in names if name.split(".")[0] in {"referrals", "reports"} or _speaks_of_volume(name)]
        elif isinstance(node, ast.Name) and _speaks_of_volume(node.id):
            found.append(f"{line}: {node.id}")
        elif isinstance(node, ast.Attribute) and _speaks_of_volume(node.attr):
            found.append(f"{line}: .{node.attr}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            text = node.value
            if _speaks_of_volume(text) and (not re.search(r"\s", text.strip()) or _SQL.search(text)):
                found.append(f"{line}: {text[:60]!r}")
    return found


def test_the_ledger_knows_nothing_of_referrals() -> None:
    found = {f"{path}:{breach}" for _, path, tree in modules(LEDGER) for breach in volume_breaches(tree) if "admin" not in str(path)}
    ours = {breach for breach in found if "target_type" not in breach and "target_id" not in breach and "target=" not in breach}
    assert ours == set()


@pytest.mark.parametrize(
    "planted",
    [
        "from referrals.models import Referral",
        "from reports.queries import volumes",
        'rows.annotate(n=Count("provider__referrals_made"))',
        'rows.order_by("-volume")',
        "entry.provider.referrals_made.count()",
        'reverse("referrals:provider-panel")',
        'cursor.execute("SELECT count(*) FROM referrals_referral")',
    ],
)
def test_a_ledger_that_knows_them_is_found(planted: str) -> None:
    assert volume_breaches(ast.parse(planted)), planted


def test_events_which_show_their_cost_know_nothing_of_referrals() -> None:
    found = {f"{path}:{breach}" for _, path, tree in modules("events") for breach in volume_breaches(tree) if "admin" not in str(path)}
    assert {breach for breach in found if "target=" not in breach} == set()


def test_no_page_of_the_ledger_or_of_events_shows_referrals_or_a_brief() -> None:
    """Neither by tag nor as a lazy panel: a panel of referrals, a brief, a list of targets."""
    folder = Path(settings.BASE_DIR) / "templates"
    files = [*folder.glob("compliance/*.html"), *folder.glob("events/*.html")]
    assert len(files) > 25
    swapped = re.compile(r'\btarget="\w+"')  # where htmx puts an answer
    shown = {path.name: [tag for tag in _TAGS.findall(path.read_text()) if _speaks_of_volume(swapped.sub("", tag))] for path in files}
    assert {name: tags for name, tags in shown.items() if tags} == {}


def _pages_with(words: frozenset[str]) -> dict[str, list[str]]:
    folder = Path(settings.BASE_DIR) / "templates"
    return {
        str(path.relative_to(folder)): tags
        for path in folder.rglob("*.html")
        if path.parent.name != LEDGER
        and (tags := [tag for tag in _TAGS.findall(path.read_text()) if words & {part.lower() for part in _NAME_PARTS.findall(tag)}])
    }


def test_nothing_of_the_ledger_stands_on_a_page_of_a_physician_or_in_a_brief() -> None:
    """Those pages show referrals. Elsewhere only the visit itself names what was given, and the log form asks for it."""
    spend = _pages_with(frozenset({"spend", "compliance"}))
    walled = {name for name in spend if name.startswith(("contacts/", "reports/", "referrals/", "territories/")) or "brief" in name}
    assert walled == set()
    both = {name for name in spend if name in _pages_with(frozenset({"brief", "referrals", "leakage"}))}
    # the bars lead everywhere; a visit leads to the next stop's brief, and shows nothing of it
    assert both <= {"base.html", "components/topbar.html", "visits/detail.html"}
    assert all(" url " in tag for tag in _pages_with(frozenset({"brief", "referrals", "leakage"})).get("visits/detail.html", ()))


def test_the_order_of_spend_is_by_day_or_amount_only() -> None:
    assert set(SORTS) == {"-spent_on", "spent_on", "-amount"}
    assert set(SpendFilter.base_filters) & {"volume", "referrals", "ordering", "o"} == set()


@pytest.mark.parametrize("model", [Provider, Practice, Organization, Staff])
def test_no_way_leads_from_a_person_or_place_to_the_ledger(model: type[Model]) -> None:
    """Whoever reckons with referrals holds providers and practices in hand: from them no name reaches spend, not even in a lookup."""
    ways = [field for field in model._meta.get_fields() if field.is_relation and field.related_model]
    assert [field.name for field in ways if field.related_model._meta.app_label == LEDGER] == []


@pytest.mark.parametrize("name", ["visits:provider-panel", "visits:practice-panel"])
def test_a_timeline_shows_a_lunch_without_its_amount(as_, world, name: str) -> None:
    make_limit()
    align(world.north_provider, "independent")
    visit = log_visit(
        by=world.nora,
        practice=world.north_practice,
        visited_at=timezone.now(),
        providers=[world.north_provider],
        spend=[make_draft("87.65")],
    )
    owner = world.north_provider if name == "visits:provider-panel" else world.north_practice
    page = as_("nora").get(reverse(name, args=[owner.pk])).content.decode()
    assert "Meal" in page
    for address in (reverse(name, args=[owner.pk]), visit.get_absolute_url(), reverse("visits:list"), "/api/v1/visits/"):
        assert "87.65" not in as_("nora").get(address).content.decode(), address
    assert "Meal" not in as_("ivan").get(reverse(name, args=[owner.pk])).content.decode()  # analysts see no spend


def test_no_statement_of_a_page_of_the_ledger_counts_referrals(as_, world) -> None:
    make_limit()
    client = as_("ada")
    pages = [name for path, name, _ in url_patterns() if name.startswith(f"{LEDGER}:") and "<" not in path]
    assert {"compliance:ledger", "compliance:physicians", "compliance:allowance"} <= set(pages)
    for name in pages:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(name))
        assert not [query["sql"] for query in asked if '"referrals_' in query["sql"] or '"reports_' in query["sql"]], name
