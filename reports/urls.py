"""URLs of reports."""

from django.urls import path

from reports.views import catalogue, closing, downloads, pages, panels, runs

app_name = "reports"

urlpatterns = [
    path("", pages.dashboard, name="dashboard"),
    path("all/", catalogue.all_reports, name="all"),
    path("cms50/", closing.fhir_count, name="fhir-count"),
    path("leakage/", pages.leakage, name="leakage"),
    path("growth/", pages.growth, name="growth"),
    path("metrics/", pages.metrics, name="metrics"),
    path("files/<slug:table>.<slug:kind>", downloads.export, name="export"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/waiting/<int:pk>/", runs.waiting, name="waiting"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("provider/<int:pk>/trend/", panels.provider_panel, name="provider-panel"),
    path("practice/<int:pk>/trend/", panels.practice_panel, name="practice-panel"),
]
