from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = "Read who works where: practice, address, zip, provider_npi."
    kind = "practices"
