from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = "Read whose our practices are: practice, alignment, from, to."
    kind = "roster"
