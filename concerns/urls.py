"""URLs of concerns."""

from django.urls import path

from concerns.views import notes, pages, projects, setup, trends

app_name = "concerns"

urlpatterns = [
    path("", pages.concern_list, name="list"),
    path("new/", pages.new, name="new"),
    path("files/concerns.<slug:kind>", pages.export, name="export"),
    path("categories/", setup.categories, name="categories"),
    path("categories/<int:pk>/", setup.category, name="category"),
    path("departments/new/", setup.department_new, name="department-new"),
    path("departments/<int:pk>/", setup.department, name="department"),
    path("practices/<int:pk>/panel/", pages.practice_panel, name="practice-panel"),
    path("trends/", trends.page, name="trends"),
    path("trends/files/trends.<slug:kind>", trends.export, name="trends-export"),
    path("notes/", notes.notes, name="notes"),
    path("notes/new/", notes.new, name="note-new"),
    path("notes/files/field-notes.<slug:kind>", notes.export, name="notes-export"),
    path("notes/<int:pk>/", notes.note, name="note"),
    path("notes/<int:pk>/withdraw/", notes.withdraw, name="note-withdraw"),
    path("notes/<int:pk>/restore/", notes.restore, name="note-restore"),
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", projects.new, name="project-new"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/change/", projects.change, name="project-change"),
    path("<int:pk>/project/", projects.link, name="link"),
    path("<int:pk>/", pages.detail, name="detail"),
    path("<int:pk>/<slug:name>/", pages.step, name="step"),
]
