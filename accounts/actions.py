"""Every write on people. Leavers are disabled; nobody locks the last admin out."""

from dataclasses import dataclass
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Installation, Logo, SavedView, User
from accounts.roles import PATIENT_ROWS_ROLES, Role
from audit.actions import record
from common.exceptions import PolicyViolation
from common.logos import draw_logo

EARLIER_TEAM = "earlier-team@prm.invalid"  # a name reserved by RFC 2606: no mail can reach it


@dataclass(frozen=True)
class Invitation:
    """An invited person and the path at which they choose their password; the path is a secret, so it is not stored."""

    user: User
    path: str


@transaction.atomic
def invite(*, email: str, full_name: str, role: str, patient_rows: bool = False, by: User | None) -> Invitation:
    """Add a person without a password. They get in by the path of the invitation, once, within three days."""
    if User.objects.filter(email__iexact=email).exists():
        raise PolicyViolation(f"{email} already has an account. Open it in the list to change the role or to send a new link.")
    user = User.objects.create_user(
        email, full_name=full_name, role=role, patient_rows=patient_rows and role in PATIENT_ROWS_ROLES, invited_by=by
    )
    record("person.invited", by=by, target=user, role=role, patient_rows=user.patient_rows)
    return Invitation(user, invitation_path(user))


def invitation_path(user: User) -> str:
    """Where the person chooses a password. The token is spent by choosing one and runs out (settings.PASSWORD_RESET_TIMEOUT)."""
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


def has_admin() -> bool:
    return bool(User.objects.active().filter(role=Role.ADMIN).exists())


@transaction.atomic
def make_first_admin(*, email: str, full_name: str, password: str, by: User | None) -> User:
    """The first person of an installation: an admin with a password of their own. Of two at once, one is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('first admin', 0))")
    if has_admin():
        raise PolicyViolation("Somebody is an admin here already. Ask them for an invitation.")
    user = invite(email=email, full_name=full_name, role=Role.ADMIN, by=by).user
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def ensure_earlier_team(*, by: User | None) -> User:
    """The one disabled account that stands for people who never signed in here: it owns what they left behind."""
    user: User | None = User.objects.filter(email=EARLIER_TEAM).first()
    if user is None:
        user = User.objects.create_user(EARLIER_TEAM, full_name="Earlier team", role=Role.LIAISON, is_active=False)
        record("person.stands_for_earlier_team", by=by, target=user)
    return user


@transaction.atomic
def renew_invitation(*, user: User, by: User) -> Invitation:
    """A new link for somebody who never got in, or lost their password."""
    if not user.is_active:
        raise PolicyViolation(f"{user} is disabled. Enable the account first.")
    record("person.link_renewed", by=by, target=user)
    return Invitation(user, invitation_path(user))


def mail_invitation(*, invitation: Invitation, url: str, by: User) -> bool:
    """Send the link; False when the mail server would not take it. The admin sees the link in any case."""
    body = render_to_string("accounts/invitation.txt", {"user": invitation.user, "url": url, "by": by})
    try:
        return bool(send_mail(f"{by} invites you to PRM", body, settings.DEFAULT_FROM_EMAIL, [invitation.user.email]))
    except OSError:
        return False


@transaction.atomic
def change_person(*, user: User, full_name: str, role: str, patient_rows: bool, phone: str, time_zone: str | None = None, by: User) -> User:
    """Set name, role and the right to patient-linked rows, from the person's next click on. A blank zone is the organization's."""
    if user.role == Role.ADMIN and role != Role.ADMIN:
        _keep_an_admin(user)
    kept = ("full_name", "role", "patient_rows", "phone", "time_zone")
    before = {name: getattr(user, name) for name in kept}
    if time_zone is not None:
        user.time_zone = time_zone
    user.full_name, user.role, user.phone = full_name, role, phone
    user.patient_rows = patient_rows and role in PATIENT_ROWS_ROLES
    user.save(update_fields=kept)
    changes = {name: [old, getattr(user, name)] for name, old in before.items() if old != getattr(user, name)}
    if changes:
        record("person.changed", by=by, target=user, changes=changes)
    return user


@transaction.atomic
def change_profile(*, full_name: str, phone: str, time_zone: str | None = None, by: User) -> User:
    """What people may change of themselves."""
    return change_person(user=by, full_name=full_name, role=by.role, patient_rows=by.patient_rows, phone=phone, time_zone=time_zone, by=by)


@transaction.atomic
def save_installation(*, by: User | None, **fields: str) -> Installation:
    """Change what holds for everybody: the time zone, the letterhead. Days of facts that are loaded already stay as they were read."""
    Installation.objects.get_or_create(pk=1)
    found = Installation.objects.select_for_update().get(pk=1)
    changed = {name: [getattr(found, name), value] for name, value in fields.items() if getattr(found, name) != value}
    for name, value in fields.items():
        setattr(found, name, value)
    if changed:
        found.save()
    record("installation.saved", by=by, target=found, **changed)
    return found


@transaction.atomic
def save_logo(*, name: str, data: bytes, by: User) -> Logo:
    """The picture, drawn anew, heads what is printed from now on. The one before stays, to come back."""
    drawn = draw_logo(data)
    made = Logo.objects.create(name=name[:120], png=drawn.png, width=drawn.width, height=drawn.height, added_by=by)
    record("logo.added", by=by, target=made, width=drawn.width, height=drawn.height, bytes=len(drawn.png))
    return made


@transaction.atomic
def remove_logo(*, logo: Logo, by: User) -> Logo | None:
    """Take a logo off; returns the one before it, which is shown again."""
    logo = Logo.objects.select_for_update(of=("self",)).get(pk=logo.pk)
    if logo.removed_at is None:
        logo.removed_at, logo.removed_by = timezone.now(), by
        logo.save(update_fields=["removed_at", "removed_by"])
        record("logo.removed", by=by, target=logo)
    return Logo.current()


@transaction.atomic
def restore_logo(*, logo: Logo, by: User) -> None:
    """Undo of a removal."""
    logo = Logo.objects.select_for_update(of=("self",)).get(pk=logo.pk)
    if logo.removed_at is not None:
        logo.removed_at = logo.removed_by = None
        logo.save(update_fields=["removed_at", "removed_by"])
        record("logo.restored", by=by, target=logo)


@transaction.atomic
def disable(*, user: User, by: User) -> None:
    """Shut a person out at once: no sign-in, open sessions ended. Their visits and credit stay."""
    if user == by:
        raise PolicyViolation("You cannot disable your own account. Ask another admin.")
    if user.role == Role.ADMIN:
        _keep_an_admin(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = [session.pk for session in Session.objects.all().iterator() if session.get_decoded().get("_auth_user_id") == str(user.pk)]
    Session.objects.filter(pk__in=ended).delete()
    record("person.disabled", by=by, target=user, sessions_ended=len(ended))


@transaction.atomic
def enable(*, user: User, by: User) -> None:
    """Let a disabled person in again, with the role they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record("person.enabled", by=by, target=user)


@transaction.atomic
def forget_second_factor(*, user: User, by: User) -> None:
    """For somebody who lost their phone and their recovery codes: the password alone lets them in, until they set a new one up."""
    if user == by:
        raise PolicyViolation("Ask another admin to take off your own second factor, or use a recovery code.")
    gone, _ = Authenticator.objects.filter(user=user).delete()
    if gone:
        record("person.second_factor_forgotten", by=by, target=user)


def _keep_an_admin(user: User) -> None:
    others = User.objects.select_for_update(no_key=True).filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    if not others.exists():
        raise PolicyViolation(f"{user} is the last admin. Make somebody else an admin first.")


@transaction.atomic
def save_view(*, page: str, name: str, query: str, is_shared: bool = False, is_default: bool = False, by: User) -> SavedView:
    """Keep a list as it is seen under a name."""
    _check_view_name(by, page, name)
    view = SavedView(owner=by, page=page, name=name.strip(), query=query, is_shared=is_shared, is_default=is_default)
    _only_default(view)
    view.save()
    record("saved_view.added", by=by, target=view, page=page, is_shared=is_shared)
    return view


@transaction.atomic
def change_view(*, view: SavedView, by: User, **fields: Any) -> None:
    """Rename, share, make the default of its list, or let it show something else."""
    if "name" in fields:
        fields["name"] = fields["name"].strip()
        _check_view_name(by, view.page, fields["name"], but=view)
    changes = {name: [getattr(view, name), value] for name, value in fields.items() if getattr(view, name) != value}
    for name, value in fields.items():
        setattr(view, name, value)
    if changes:
        _only_default(view)
        view.save()
        record("saved_view.changed", by=by, target=view, changes=sorted(changes))


@transaction.atomic
def delete_view(*, view: SavedView, by: User) -> None:
    """Take it off the list; `restore_view` brings it back."""
    view.deleted_at = timezone.now()
    view.save(update_fields=["deleted_at"])
    record("saved_view.deleted", by=by, target=view)


@transaction.atomic
def restore_view(*, view: SavedView, by: User) -> None:
    if view.deleted_at is None:
        return
    _check_view_name(by, view.page, view.name, but=view)
    view.deleted_at = None
    _only_default(view)
    view.save()
    record("saved_view.brought_back", by=by, target=view)


def _check_view_name(owner: User, page: str, name: str, *, but: SavedView | None = None) -> None:
    others = SavedView.objects.filter(owner=owner, page=page, name__iexact=name.strip(), deleted_at=None)
    if others.exclude(pk=but.pk if but else 0).exists():
        raise PolicyViolation("You have a view of this name for this list already. Choose another name, or update that view.")


def _only_default(view: SavedView) -> None:
    if view.is_default:
        SavedView.objects.filter(owner=view.owner, page=view.page, is_default=True).exclude(pk=view.pk).update(is_default=False)
