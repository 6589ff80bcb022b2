"""URLs of reports."""

from django.urls import path

from reports.views import catalogue, closing, downloads, money, pages, panels, rules, run_files, runs

app_name = "reports"

urlpatterns = [
    path("", pages.dashboard, name="dashboard"),
    path("all/", catalogue.all_reports, name="all"),
    path("cms50/", closing.fhir_count, name="fhir-count"),
    path("leakage/", pages.leakage, name="leakage"),
    path("growth/", pages.growth, name="growth"),
    path("metrics/", pages.metrics, name="metrics"),
    path("files/<slug:table>.<slug:kind>", downloads.export, name="export"),
    path("rules/", rules.report_rules, name="rules"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/new/<slug:name>/", runs.new_of_kind, name="run-new-of-kind"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/withdraw/", runs.withdraw, name="run-withdraw"),
    path("runs/<int:pk>/retry/", runs.retry, name="run-retry"),
    path("runs/<int:pk>/report.<slug:kind>", run_files.download, name="run-file"),
    path("money/margins/", money.money, {"ledger": "margins"}, name="margins"),
    path("money/costs/", money.money, {"ledger": "costs"}, name="costs"),
    path("money/weights/", money.money, {"ledger": "weights"}, name="weights"),
    path("money/<slug:ledger>/", money.money, name="money"),
    path("money/<slug:ledger>/file/", money.money_file, name="money-file"),
    path("money/<slug:ledger>/rows.<slug:kind>", money.money_export, name="money-export"),
    path("money/<slug:ledger>/<int:pk>/", money.money_row, name="money-row"),
    path("money/<slug:ledger>/<int:pk>/end/", money.money_end, name="money-end"),
    path("provider/<int:pk>/trend/", panels.provider_panel, name="provider-panel"),
    path("practice/<int:pk>/trend/", panels.practice_panel, name="practice-panel"),
]
