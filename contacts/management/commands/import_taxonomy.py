from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = "Read what the registry's specialty codes mean, from the NUCC's file. Names that somebody chose here stay."
    kind = "taxonomy"
