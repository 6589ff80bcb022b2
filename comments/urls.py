"""URLs of comments."""

from django.urls import path

from comments import views

app_name = "comments"

urlpatterns = [
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("<int:pk>/restore/", views.restore, name="restore"),
    path("<slug:kind>/<int:pk>/", views.comments, name="thread"),
    path("<slug:kind>/<int:pk>/people/", views.people, name="people"),
]
