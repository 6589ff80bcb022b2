"""The settings of reports, each with the figure that it changes."""

from django import forms

from reports.models import ReportRules


class ReportRulesForm(forms.ModelForm):
    """Every rule by which reports are made."""

    class Meta:
        model = ReportRules
        fields = (
            "scheduled_within",
            "seen_within",
            "report_within",
            "late_cancel_days",
            "new_after_months",
            "lost_expected",
            "lost_days",
            "loyal_at",
            "splitter_at",
            "avoidable_miles",
            "avoidable_days",
            "capacity_old_days",
            "least_peers",
            "move_splitter",
            "move_opportunity",
            "move_loyal",
            "alert_q",
            "mature_at",
            "large_import",
        )
        labels = {
            "scheduled_within": "Days within which a referral should be scheduled",
            "seen_within": "Days within which a patient should be seen",
            "report_within": "Days within which the report should be back",
            "late_cancel_days": "An appointment canceled fewer than so many days before it counts as a no-show",
            "new_after_months": "Months of silence before a referrer counts as new",
            "lost_expected": "Referrals expected before a silent referrer counts as lost",
            "lost_days": "Days of silence before a referrer counts as lost",
            "loyal_at": "Loyal from this share of a referrer's referrals, in percent",
            "splitter_at": "Splitter from this share, in percent",
            "avoidable_miles": "Leakage was avoidable when one of ours was within so many miles",
            "avoidable_days": "and had an appointment within so many days",
            "capacity_old_days": "A statement of capacity is too old after so many days",
            "least_peers": "Peers needed before something is expected of a provider",
            "move_splitter": "Chance that a splitter comes to send what peers send, in percent",
            "move_opportunity": "Chance that an opportunity does, in percent",
            "move_loyal": "Chance that a loyal referrer does, in percent",
            "alert_q": "Share of alerts that may be false",
            "mature_at": "A month is complete when so much of it has normally arrived, in percent",
            "large_import": "Look for alerts at once after an import of more than this share of the referrals, in percent",
        }
        help_texts = {
            "scheduled_within": "Conversion to scheduled. Referrals younger than this are counted apart.",
            "seen_within": "Conversion to seen, realised and broad leakage, no-shows. Referrals younger than this are counted apart.",
            "report_within": "Closed loop. Referrals younger than this are counted apart.",
            "late_cancel_days": "1: canceled on the day itself, or later. Canceled earlier, it is in neither half of the no-show rate.",
            "new_after_months": "New and returning referrers. It needs as many months of data before the period.",
            "lost_expected": "By the referrer's own rate in the 12 months before the silence.",
            "lost_days": "Counted back from the end of the period.",
            "loyal_at": "Decided on the lower end of the interval, and only where a source sees all destinations.",
            "splitter_at": "Below it, by the upper end of the interval, a referrer is an opportunity.",
            "avoidable_miles": "Avoidable leakage, from the capacity that sites report.",
            "avoidable_days": "The third next available appointment, as the site reports it.",
            "capacity_old_days": "Older ones count as unknown: nothing is avoidable, and no target has a value, on their word.",
            "least_peers": "Of the same specialty and kind, in the same region; where there are fewer, in the whole organization.",
            "move_splitter": "An assumption, not a measurement: it weighs the value of targets, and stands beside each.",
            "move_opportunity": "As above. They send elsewhere by habit, so fewer are won.",
            "move_loyal": "As above. They send nearly all already.",
            "alert_q": "0.10: of ten alerts of a run, one may be chance.",
            "mature_at": "By each feed's own history of late rows. Alerts and trends use complete months only.",
            "large_import": "Of the referrals of fifteen months. Smaller imports wait for the night.",
        }
        error_messages = {name: {"required": "Enter a number.", "invalid": "Enter a number."} for name in fields}
