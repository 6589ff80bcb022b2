"""URLs of reports."""

from django.urls import path

from reports.views import catalogue, closing, downloads, maps, money, network, pages, panels, pictures, rules, run_files, runs

app_name = "reports"

urlpatterns = [
    path("", pages.dashboard, name="dashboard"),
    path("all/", catalogue.all_reports, name="all"),
    path("cms50/", closing.fhir_count, name="fhir-count"),
    path("leakage/", pages.leakage, name="leakage"),
    path("growth/", pages.growth, name="growth"),
    path("metrics/", pages.metrics, name="metrics"),
    path("funnel/", pictures.funnel, name="funnel"),
    path("control/", pictures.control, name="control"),
    path("heat/", pictures.heat, name="heat"),
    path("flow/", pictures.flow, name="flow"),
    path("pictures/<slug:picture>.<slug:kind>", pictures.export, name="picture-export"),
    path("files/<slug:table>.<slug:kind>", downloads.export, name="export"),
    path("rules/", rules.report_rules, name="rules"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/new/<slug:name>/", runs.new_of_kind, name="run-new-of-kind"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/withdraw/", runs.withdraw, name="run-withdraw"),
    path("runs/<int:pk>/retry/", runs.retry, name="run-retry"),
    path("runs/<int:pk>/report.<slug:kind>", run_files.download, name="run-file"),
    path("runs/<int:pk>/report.<slug:kind>/waiting/", run_files.waiting, name="run-file-waiting"),
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
    path("map/", maps.county_map, name="map"),
    path("map/counties.<slug:kind>", maps.map_file, name="map-file"),
    path("map/territory/<int:pk>/", maps.territory_map, name="territory-map"),
    path("network/", network.network, name="network"),
    path("network/files/<slug:table>.<slug:kind>", network.network_file, name="network-file"),
    path("network/<slug:kind>/<int:pk>/", network.network_of, name="network-of"),
    path("network/<slug:kind>/<int:pk>/position/", network.position, name="network-position"),
    path("network/<slug:node>/<int:pk>/neighbors.<slug:kind>", network.network_of_file, name="network-of-file"),
]
