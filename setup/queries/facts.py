"""What there is of each thing that set-up asks for: counts, over the whole installation (admins see the whole)."""

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.utils import is_mfa_enabled
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actions import EARLIER_TEAM
from accounts.clocks import zone_words
from accounts.models import Installation, User
from accounts.roles import Role
from compliance.models import SpendLimit
from concerns.models import Category
from contacts.merging import organization_pairs, provider_pairs
from contacts.models import Alignment, AlignmentKind, Cadence, CustomField, Organization, Practice, Provider, Specialty
from demo.models import Sample
from referrals.models import CountingRules, Referral, Source
from reports.models import ReportRules
from setup.models import Backup, MailTest
from territories.models import Assignment, ServiceLine, Territory, TerritoryRule
from visits.models import Material, Topic, VisitType

OURS = (AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED)
BACKUP_HOLDS = dt.timedelta(days=92)  # a proof is of its day: after a quarter it is asked for again


@dataclass(frozen=True)
class OrganizationFacts:
    name: str
    is_saved: bool
    zone: str
    fiscal_start: str


def organization() -> OrganizationFacts:
    """The top of the tree, the clock, the fiscal year; saved once somebody confirmed them."""
    name = Territory.objects.filter(parent=None).values_list("name", flat=True).first() or ""
    installation, rules = Installation.objects.first(), ReportRules.objects.first()
    return OrganizationFacts(
        name,
        installation is not None and rules is not None,
        zone_words(installation.time_zone) if installation else "",
        rules.get_fiscal_starts_display() if rules and installation else "",
    )


@dataclass(frozen=True)
class PeopleFacts:
    has_second_factor: bool
    colleagues: int
    liaisons: int


def people(user: User) -> PeopleFacts:
    others = User.objects.active().exclude(pk=user.pk).exclude(email=EARLIER_TEAM)
    return PeopleFacts(is_mfa_enabled(user), others.count(), others.filter(role=Role.LIAISON).count())


@dataclass(frozen=True)
class NetworkFacts:
    lines: int
    ours: int
    dated: int
    specialties: int
    specialties_in_lines: int


def network() -> NetworkFacts:
    today = timezone.localdate()
    ours = Alignment.objects.on(today).filter(organization=OuterRef("pk"), kind__in=OURS)
    return NetworkFacts(
        ServiceLine.objects.count(),
        Organization.objects.live().filter(Exists(ours)).count(),
        Alignment.objects.exclude(started_on=None).count(),
        Specialty.objects.count(),
        Specialty.objects.exclude(service_line=None).count(),
    )


@dataclass(frozen=True)
class ProviderFacts:
    practices: int
    providers: int
    pairs: int


def providers(user: User) -> ProviderFacts:
    pairs = len(provider_pairs(user)) + len(organization_pairs(user))
    return ProviderFacts(Practice.objects.live().count(), Provider.objects.live().count(), pairs)


@dataclass(frozen=True)
class TerritoryFacts:
    leaves: int
    rules: int
    unheld: int
    practices: int
    unowned: int


def territories() -> TerritoryFacts:
    """`leaves`: below the top, where practices are placed; `unheld`: of those, without anybody in charge today."""
    leaves = Territory.objects.leaves().exclude(parent=None)
    held = Assignment.objects.today().filter(territory=OuterRef("pk"), service_line=None)
    practices = Practice.objects.live()
    return TerritoryFacts(
        leaves.count(), TerritoryRule.objects.count(), leaves.filter(~Exists(held)).count(), practices.count(), practices.unowned().count()
    )


@dataclass(frozen=True)
class FieldFacts:
    tiers: int
    types: int
    topics: int
    materials: int
    categories: int
    custom_fields: int


def field() -> FieldFacts:
    return FieldFacts(
        Cadence.objects.count(),
        VisitType.objects.offered().count(),
        Topic.objects.filter(is_active=True).count(),
        Material.objects.filter(is_active=True).count(),
        Category.objects.filter(is_active=True).count(),
        CustomField.objects.filter(is_active=True).count(),
    )


@dataclass(frozen=True)
class SpendFacts:
    year: int
    words: str


def spend() -> SpendFacts:
    """The limit of this calendar year that holds for all of our entities."""
    year = timezone.localdate().year
    limit = SpendLimit.objects.filter(year=year, non_monetary__isnull=False).order_by("entity").first()
    return SpendFacts(year, f"${limit.non_monetary:,.2f} per physician" if limit else "")


@dataclass(frozen=True)
class ProofFacts:
    is_mail_sent: bool
    mail_words: str
    is_backup_proven: bool
    backup_words: str


def proofs() -> ProofFacts:
    mail, backup = MailTest.objects.first(), Backup.objects.proven().first()
    proven = backup is not None and backup.proven_at is not None and backup.proven_at > timezone.now() - BACKUP_HOLDS
    if backup is None:
        backup_words = "Never tried"
    else:
        backup_words = f"{'Proven' if proven else 'Not proven since'} {timezone.localtime(backup.proven_at):%b %-d, %Y}"
    return ProofFacts(
        mail is not None and not mail.refusal,
        "Never tried" if mail is None else "Refused" if mail.refusal else f"Sent {timezone.localtime(mail.sent_at):%b %-d, %Y}",
        proven,
        backup_words,
    )


def has_sample() -> bool:
    return Sample.objects.exists()


@dataclass(frozen=True)
class NumberFacts:
    feeds: int
    has_referrals: bool
    small_cell: int


def numbers() -> NumberFacts:
    return NumberFacts(Source.objects.count(), Referral.objects.exists(), CountingRules.current().small_cell)
