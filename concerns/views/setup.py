"""Settings: categories with their deadlines, and the departments that answer."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from concerns import actions
from concerns.forms import CategoryForm, DepartmentForm
from concerns.models import Category, ConcernState, Department


def _crumbs(*, below: bool = True) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("settings"), "label": "Settings"}]
    return [*crumbs, {"url": reverse("concerns:categories"), "label": "Concerns"}] if below else crumbs


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def categories(request: HttpRequest) -> HttpResponse:
    """All categories and departments, and a field for a new category."""
    form = CategoryForm(request.POST if request.method == "POST" else None, initial={"is_active": True})
    if request.method == "POST" and form.is_valid():
        category = actions.save_category(by=request.user, **form.cleaned_data)
        messages.success(request, f"Category added: {category.name}.")
        return redirect("concerns:categories")
    unfinished = Count("concerns", filter=~Q(concerns__state=ConcernState.CLOSED))
    context = {
        "form": form,
        "categories": Category.objects.select_related("department").annotate(unfinished=unfinished),
        "departments": Department.objects.select_related("lead").annotate(unfinished=unfinished),
        "crumbs": _crumbs(below=False),
    }
    return render(request, "concerns/categories.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def category(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Category, pk=pk)
    form = CategoryForm(request.POST if request.method == "POST" else None, instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_category(by=request.user, category=get_object_or_404(Category, pk=pk), **form.cleaned_data)
        messages.success(request, "Category saved.")
        return redirect("concerns:categories")
    return _form_page(request, form, f"Change {get_object_or_404(Category, pk=pk).name}")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def department_new(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.POST if request.method == "POST" else None, initial={"is_active": True})
    if request.method == "POST" and form.is_valid():
        department = actions.save_department(by=request.user, **form.cleaned_data)
        messages.success(request, f"Department added: {department.name}.")
        return redirect("concerns:categories")
    return _form_page(request, form, "Add department")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def department(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Department, pk=pk)
    form = DepartmentForm(request.POST if request.method == "POST" else None, instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_department(by=request.user, department=get_object_or_404(Department, pk=pk), **form.cleaned_data)
        messages.success(request, "Department saved.")
        return redirect("concerns:categories")
    return _form_page(request, form, f"Change {get_object_or_404(Department, pk=pk).name}")


def _form_page(request: HttpRequest, form: CategoryForm | DepartmentForm, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "crumbs": _crumbs()}
    return render(request, "concerns/setup_form.html", context, status=422 if form.errors else 200)
