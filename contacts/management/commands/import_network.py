from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = "Read whose the organizations are: organization, alignment, from, to, service_line."
    kind = "network"
