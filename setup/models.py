"""What set-up itself has to remember; everything else about it is read from the facts of the other apps."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from setup.querysets import BackupQuerySet, MailTestQuerySet


class PutOff(models.Model):
    """A step of set-up that somebody left for later, or the whole list (`checklist`), which is then hidden from the dashboard."""

    step = models.CharField(max_length=20, primary_key=True)
    put_off_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    put_off_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "steps put off"

    def __str__(self) -> str:
        return self.step


class MailTest(models.Model):
    """A mail that an admin sent to themselves. `refusal` is what the mail server said; blank when it took the mail."""

    sent_to = models.EmailField()
    sent_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)
    message_id = models.CharField(max_length=200)
    refusal = models.CharField(max_length=300, blank=True)

    objects = MailTestQuerySet.as_manager()

    class Meta:
        ordering = ("-sent_at", "-pk")

    def __str__(self) -> str:
        return f"Test mail to {self.sent_to}"


class Backup(models.Model):
    """A dump of the database that a worker made, and whether it came back whole: restored into a scratch database, table by table counted.

    `rows` are counted in the very snapshot that was dumped, `restored_rows` in the scratch database. `refusal` says what stood in the way.
    """

    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=120, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True)
    dumped_at = models.DateTimeField(null=True)
    tables = models.PositiveIntegerField(null=True)
    rows = models.PositiveBigIntegerField(null=True)
    restored_rows = models.PositiveBigIntegerField(null=True)
    proven_at = models.DateTimeField(null=True, help_text="when every table of the restored copy had the rows of the dump")
    refusal = models.CharField(max_length=500, blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")

    def __str__(self) -> str:
        return f"Backup of {self.asked_at:%Y-%m-%d %H:%M}"
