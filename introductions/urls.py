"""URLs of new physicians."""

from django.urls import path

from introductions.views import pages

app_name = "introductions"

urlpatterns = [
    path("", pages.physicians, name="list"),
    path("files/new-physicians.<slug:kind>", pages.export, name="export"),
    path("new/", pages.new, name="new"),
    path("<int:pk>/", pages.physician, name="physician"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/end/", pages.end, name="end"),
    path("targets/<int:pk>/drop/", pages.drop, name="drop"),
    path("provider/<int:pk>/", pages.provider_panel, name="provider-panel"),
]
