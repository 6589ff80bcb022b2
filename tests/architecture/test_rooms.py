"""The house holds: imports and relations point down, writes stay in their rooms, names say what they hold."""

import ast
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings

from tests.architecture.walk import APPS, LEVEL, modules

OWN_MODELS = [model for model in apps.get_models() if model._meta.app_label in LEVEL]


def test_imports_point_down():
    lint = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_relations_point_down(model):
    """import-linter cannot see a foreign key, nor what is named by text."""
    here = model._meta.app_label
    for field in model._meta.get_fields():
        if field.is_relation and not field.auto_created and field.related_model:
            there = field.related_model._meta.app_label
            assert LEVEL[there] < LEVEL[here] or there == here, f"{model._meta.label}.{field.name} points up to {there}"


FORBIDDEN_ROOMS = {"services", "utils", "helpers", "managers", "signals"}


def test_rooms_have_the_names_of_the_house():
    assert not [path for _, path, _ in modules() if path.stem in FORBIDDEN_ROOMS]


WRITES = {"create", "bulk_create", "update", "bulk_update", "delete", "save", "get_or_create", "update_or_create", "aupdate", "acreate"}
WRITE_ROOMS = {"actions", "importing", "rollups", "querysets", "deriving", "placement", "merging"}
# path: why it may write outside the write rooms
WRITE_EXCEPTIONS = {
    "reports/exports/slides.py": "saves slides into memory, no row",
    "demo/sample.py": "takes the invented world off: what it made by actions goes without them, in one step",
    "jobs/relay.py": "the relay's own state of a job, by compare-and-set",
    "accounts/management/commands/create_admin.py": "sets the typed password of the first admin, in the action's transaction",
}


def _writes(tree: ast.Module) -> list[str]:
    """Calls that look like the ORM writing: `.objects…create(…)`, `queryset.update(…)`, `instance.save()`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            owner = ast.unparse(node.func.value)
            plain_update = node.func.attr == "update" and (node.args or not node.keywords)  # dict.update({...}), hash.update(bytes)
            if plain_update or owner.startswith("super()"):
                continue
            found.append(f"{node.lineno}: {owner}.{node.func.attr}")
    return found


def test_only_the_write_rooms_write():
    outside = {}
    for app, path, tree in modules(*(set(APPS) - {"common"})):
        rooms = {part.removesuffix(".py") for part in path.parts[1:]}
        if not rooms & WRITE_ROOMS and str(path) not in WRITE_EXCEPTIONS and (found := _writes(tree)):
            outside[str(path)] = (app, found)
    assert not outside


def test_the_exceptions_are_not_stale():
    live = {str(path) for _, path, tree in modules() if _writes(tree)}
    assert set(WRITE_EXCEPTIONS) <= live


def test_the_scan_sees_a_write():
    assert _writes(ast.parse("Visit.objects.create(x=1)\nvisit.save()\nVisit.objects.filter(pk=1).update(x=2)"))
    assert not _writes(ast.parse("seen.update({1: 2})\nsuper().save()"))


def test_actions_are_keyword_only_and_say_by_whom():
    wrong = []
    for _, path, tree in modules():
        if "actions" not in {part.removesuffix(".py") for part in path.parts} or path.parts[0] in {"audit", "jobs"}:
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                writes = any(ast.unparse(decorator).startswith("transaction.atomic") for decorator in node.decorator_list)
                names = {argument.arg for argument in node.args.kwonlyargs}
                if writes and (node.args.args or "by" not in names):
                    wrong.append(f"{path}:{node.lineno} {node.name}")
    assert not wrong


def test_nobody_talks_to_the_broker_in_a_request():
    """Work is enqueued by name; only the relay sends messages (RELIABILITY rule 2)."""
    calls = {"delay", "apply_async", "send_task", "delay_on_commit"}
    found = [
        f"{path}:{node.lineno}"
        for _, path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls
    ]
    assert [place.split(":")[0] for place in found] == ["jobs/relay.py"]


# model: why its rows need no scope of their own
SCOPELESS = {
    "audit.AuditEvent": "guarded by AUDIT_VIEW; shown on a record's page only after the record itself was found in scope",
    "accounts.Installation": "one row of settings",
    "accounts.Logo": "rows of settings",
    "bulk.BulkItem": "shown only with its run",
    "demo.Sample": "whether the invented world is here; its page is for admins",
    "setup.PutOff": "what admins decided about their list; its pages are theirs",
    "contacts.CustomField": "names of fields, the same for everybody",
    "contacts.PracticePin": "shown only with its practice",
    "contacts.PracticeException": "shown only with its practice",
    "contacts.Cadence": "four rows of settings",
    "contacts.MapPin": "shown only with its practice",
    "contacts.VisitingHours": "shown only with its practice",
    "contacts.NameWord": "words without owners, with which the search mends a slip; never shown",
    "contacts.ProviderLocation": "shown only with its provider or organization",
    "contacts.ProviderName": "shown only with its provider or organization",
    "contacts.Specialty": "a list of words, the same for everybody",
    "contacts.TaxonomyCode": "a list of words, the same for everybody",
    "concerns.Category": "a list of words, the same for everybody",
    "concerns.Department": "a list of words, the same for everybody",
    "concerns.Comment": "shown only with its concern",
    "compliance.SpendLimit": "rows of settings",
    "compliance.SpendPolicy": "one row of settings",
    "territories.ServiceLine": "a list of words, the same for everybody",
    "territories.TerritoryRule": "shown only with its territory",
    "referrals.Payer": "a list of words, the same for everybody",
    "referrals.PayerMerge": "shown only with its payer",
    "referrals.CountingRules": "one row of settings",
    "referrals.DataVersion": "a counter",
    "referrals.SourceRow": "shown only with its batch",
    "referrals.SentRow": "shown only with its referral",
    "referrals.SentAgain": "shown only with its referral",
    "referrals.Correction": "shown only with its referral",
    "referrals.MappingVersion": "shown only with its feed",
    "referrals.ControlTotal": "shown only with its feed",
    "referrals.StatusEvent": "shown only with its referral",
    "referrals.MarketVendor": "a list of words, the same for everybody",
    "referrals.MarketReject": "shown only with its file",
    "referrals.MarketMonth": "read through reports.queries, which cuts it by the scope of each provider's primary practice",
    "referrals.ProviderMonth": "read through reports.queries, which cuts every cell by the scope",
    "referrals.LineMonth": "read through reports.queries, which cuts every cell by the scope",
    "referrals.DestinationMonth": "read through reports.queries, which cuts every cell by the scope",
    "referrals.PayerMonth": "read through reports.queries, which cuts every cell by the scope",
    "referrals.SourceMonth": "read through reports.queries, which cuts every cell by the scope",
    "directory.AcceptedPlan": "shown only with its entry",
    "introductions.PayerDate": "shown only with its physician",
    "introductions.Step": "shown only with its target",
    "reports.ScheduleTurn": "shown only with its schedule",
    "reports.AlertChange": "shown only with its alert",
    "reports.AlertPart": "shown only with its alert",
    "reports.ClosingDay": "a list of days, the same for everybody",
    "reports.ReportRules": "one row of settings",
    "visits.FollowUpStep": "shown only with its follow-up",
    "visits.Invitation": "shown only with its visit",
    "visits.Topic": "a list of words, the same for everybody",
    "visits.Material": "a list of things, the same for everybody",
    "visits.VisitType": "a list of words, the same for everybody",
    "visits.VisitTypeMerge": "shown only with its visit type",
    "visits.VisitMode": "rows of settings",
    "planning.OutlineFile": "rows of settings",
    "planning.ZipOutline": "shown only with its file",
    "visits.StockMove": "shown only with its material",
    "visits.VisitMaterial": "shown only with its visit",
    "visits.VisitSpend": "a link: its entry is cut by the ledger, its visit by visits",
    "events.EventSpend": "a link: its entry is cut by the ledger, its event by events",
    "visits.MileageRate": "rows of settings",
    "visits.VisitVersion": "shown only with its visit",
    "visits.Attendee": "shown only with its visit",
    "visits.DayStop": "shown only with its day plan",
    "visits.DrawnPractice": "shown only with its draw",
    "visits.PlanDraftStop": "shown only with its draft",
    "visits.FieldRules": "one row of settings",
    "notices.ReminderRules": "one row of settings",
}


def test_every_model_can_be_cut_to_a_person():
    missing = {model._meta.label for model in OWN_MODELS if not hasattr(model._default_manager.get_queryset(), "visible_to")}
    through = {model._meta.label for model in OWN_MODELS if model._meta.auto_created}
    assert missing - through == set(SCOPELESS)


def test_modules_are_read_in_one_sitting():
    long = {str(path): lines for _, path, _ in modules() if (lines := len((settings.BASE_DIR / path).read_text().splitlines())) > 400}
    assert not long, "past about 400 lines a module becomes a package, split by noun"
