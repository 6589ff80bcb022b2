from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = "Read providers and organizations from the registry's file (NPPES layout)."
    kind = "providers"
