"""Pages of notices and mails."""
