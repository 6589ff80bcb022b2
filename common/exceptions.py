"""What goes wrong in a way that a person can mend. The text of each is a whole sentence for that person."""


class PolicyViolation(Exception):
    """The state of things forbids this step, whoever asks: "This visit is older than 90 days"."""


class InputError(Exception):
    """The input as a whole cannot be used: "The file is empty". Single bad rows are told per row instead."""
