"""URLs of concerns."""

from django.urls import path

from concerns.views import pages, setup

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
    path("<int:pk>/", pages.detail, name="detail"),
    path("<int:pk>/<slug:name>/", pages.step, name="step"),
]
