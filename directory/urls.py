"""URLs of the directory."""

from django.urls import path

from directory.views import entries, pages

app_name = "directory"

urlpatterns = [
    path("", pages.directory, name="list"),
    path("files/directory.<slug:kind>", pages.export, name="export"),
    path("entries/", entries.entries, name="entries"),
    path("entries/line/<int:pk>/", entries.line, name="line"),
    path("entries/site/<int:line_pk>/<int:pk>/", entries.site, name="site"),
    path("entries/person/<int:pk>/", entries.person, name="person"),
]
