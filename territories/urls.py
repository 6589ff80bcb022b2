"""URLs of territories."""

from django.urls import path

from territories import views

app_name = "territories"

urlpatterns = [
    path("", views.territory_list, name="list"),
    path("new/", views.new, name="new"),
    path("counties/", views.counties, name="counties"),
    path("service-lines/", views.service_lines, name="service-lines"),
    path("service-lines/<int:pk>/", views.service_line, name="service-line"),
    path("moves/<int:job>/", views.moves, name="moves"),
    path("assignments/<int:pk>/end/", views.end_assignment, name="assignment-end"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/archive/", views.archive, name="archive"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/assign/", views.assign, name="assign"),
]
