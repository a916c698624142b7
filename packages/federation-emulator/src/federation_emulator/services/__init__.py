"""One folder for each Google API: ``routes`` (HTTP in, values out), ``rules`` (decide, pure), ``model``."""
