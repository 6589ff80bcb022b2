"""The first day: from an empty database to the first dashboard, and what is checked now and then after it."""
