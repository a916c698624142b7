"""The one project has no state of its own: its id and number are settings, its policy is in the store."""
