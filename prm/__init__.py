"""The composition root: settings, URL map, processes. Nothing below imports from here."""
