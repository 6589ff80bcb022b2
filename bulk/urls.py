"""URLs of changing many rows at once: the preview and its confirmation, what was done, undo."""

from django.urls import path

from bulk import views

app_name = "bulk"

urlpatterns = [
    path("runs/<int:pk>/", views.run, name="run"),
    path("runs/<int:pk>/undo/", views.undo, name="undo"),
    path("<slug:name>/", views.preview, name="preview"),
]
