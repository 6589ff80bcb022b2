"""Files that workers made because a request would have waited for them. Kept for a day."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobState
from reports.models.runs import ReportRun
from reports.querysets import ReportFileQuerySet


class ReportFile(models.Model):
    """A run as a file for one reader: what a reader may see is in it, so nobody else is given it."""

    run = models.ForeignKey(ReportRun, on_delete=models.CASCADE, related_name="files")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, help_text="pdf, xlsx or csv")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    content = models.BinaryField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)

    objects = ReportFileQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["run", "reader", "kind"], name="report_file_once"),)

    def __str__(self) -> str:
        return f"{self.run} as {self.kind.upper()}"

    def get_absolute_url(self) -> str:
        return reverse("reports:run-file-waiting", args=[self.run_id, self.kind])

    @property
    def is_failed(self) -> bool:
        return self.content is None and (self.job is None or JobState(self.job.state) not in {JobState.QUEUED, JobState.RUNNING})
