"""Work on an asset that the workers do, step by step, each step under a lease."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from apps.core.models import PublicId, TimeStamped

from .asset import Asset


class JobState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    QUARANTINED = "quarantined"
    CANCELLED = "cancelled"


# Of a job that has come less far, nobody knows when it will be done.
TELLING = 0.03
ENDED = (JobState.DONE, JobState.QUARANTINED, JobState.CANCELLED)


class Job(PublicId, TimeStamped):
    """Something to be done to an asset. Steps of one stage may run side by side; stages follow each other."""

    class Kind(models.TextChoices):
        PACKAGE = "package", "make it playable"
        TRACK = "track", "add a track"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.WAITING)
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    cause = models.CharField(max_length=500, blank=True, help_text="Why it stopped, for the editor.")
    plan = models.JSONField(default=dict, help_text="What was found and decided, for the steps that follow.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "work on a video"
        verbose_name_plural = "work on videos"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"],
                condition=Q(kind="package") & ~Q(state__in=ENDED),
                name="one_open_package_job",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED) ^ Q(ended_at=None), name="job_ended_has_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.public_id.hex[:8]}"

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def done(self) -> float:
        """From 0 to 1, by the expected work of its steps, which the probe knows better than the upload."""
        steps = self.steps.all()
        total = sum(step.weight for step in steps)
        return sum(step.weight * step.done for step in steps) / total if total else 0.0

    def eta_s(self, at: datetime) -> float | None:
        """Seconds until it is done if it goes on as so far; None as long as nobody can tell."""
        began = [step.began_at for step in self.steps.all() if step.began_at]
        if self.has_ended or not began or self.done < TELLING:
            return None
        return (at - min(began)).total_seconds() * (1 - self.done) / self.done


class StepQuerySet(models.QuerySet["Step"]):
    def claimable(self) -> "StepQuerySet":
        """Due, or lost by a worker that went silent, with all earlier stages of the job done."""
        earlier = Step.objects.filter(job=OuterRef("job"), stage__lt=OuterRef("stage"))
        return self.filter(
            Q(state=Step.State.WAITING, due_at__lte=Now())
            | Q(state=Step.State.RUNNING, lease_until__lt=Now()),
            ~Exists(earlier.exclude(state=Step.State.DONE)),
            job__state__in=(JobState.WAITING, JobState.RUNNING),
        )

    def next_first(self) -> "StepQuerySet":
        return self.order_by(F("job__priority").desc(), "job_id", "stage", "id")


class Step(models.Model):
    """A part of a job that one worker does at a time.

    `fence` is counted with each claim (a fencing token): what a worker writes that has lost its lease
    meanwhile hits nothing. `attempts` counts failures, `losses` the workers that died over it.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"

    job = models.ForeignKey(Job, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=40)
    stage = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    given = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    weight = models.FloatField(default=1.0, help_text="Its share of the job, in expected seconds of work.")
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    done = models.FloatField(default=0.0, help_text="From 0 to 1.")
    speed = models.FloatField(null=True, blank=True, help_text="Seconds of media in a second.")
    eta_s = models.FloatField(null=True, blank=True)
    log = models.TextField(blank=True, help_text="The end of it.")
    cause = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["job_id", "stage", "id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="one_step_of_a_name"),
            models.CheckConstraint(condition=Q(done__gte=0, done__lte=1), name="step_done_from_0_to_1"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="running_step_has_a_lease"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=~Q(state="done"), name="steps_to_do"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> dict[str, Any]:
        """What the steps before it found out."""
        return dict(self.job.plan)
