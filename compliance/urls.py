"""URLs of the spend ledger."""

from django.urls import path

from compliance.views import ledger, physicians, receipts, setup, tasks

app_name = "compliance"

urlpatterns = [
    path("", ledger.ledger, name="ledger"),
    path("files/spend.<slug:kind>", ledger.export, name="export"),
    path("new/", ledger.new, name="new"),
    path("allowance/", physicians.allowance, name="allowance"),
    path("physicians/", physicians.physicians, name="physicians"),
    path("physicians/<int:pk>/", physicians.physician, name="physician"),
    path("physicians/<int:pk>/statement/<int:year>/", physicians.statement, name="statement"),
    path("physicians/<int:pk>/statement/<int:year>/pdf/", physicians.statement_pdf, name="statement-pdf"),
    path("totals/", physicians.totals, name="totals"),
    path("tasks/", tasks.task_list, name="tasks"),
    path("tasks/files/spend-tasks.<slug:kind>", tasks.export, name="tasks-export"),
    path("tasks/waiting/", tasks.approvals_panel, name="approvals-panel"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/done/", tasks.finish, name="task-done"),
    path("limits/", setup.limits, name="limits"),
    path("limits/<int:pk>/", setup.limit, name="limit"),
    path("limits/<int:pk>/remove/", setup.limit_remove, name="limit-remove"),
    path("policies/", setup.policy, name="policy"),
    path("<int:pk>/", ledger.entry, name="entry"),
    path("<int:pk>/edit/", ledger.edit, name="edit"),
    path("<int:pk>/cancel/", ledger.cancel, name="cancel"),
    path("<int:pk>/receipts/", receipts.add, name="receipt-add"),
    path("receipts/<int:pk>/", receipts.show, name="receipt"),
    path("receipts/<int:pk>/remove/", receipts.remove, name="receipt-remove"),
]
