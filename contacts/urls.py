"""URLs of contacts."""

from django.urls import path

from contacts import territory_views

app_name = "contacts"

urlpatterns = [
    path("territories/counts/", territory_views.territory_counts, name="territory-counts"),
    path("territories/preview/", territory_views.rule_preview, name="rule-preview"),
    path("territories/<int:pk>/", territory_views.territory_panel, name="territory-panel"),
]
