"""Lists the keys that are left of a service account, and the commands that end them. Changes nothing."""
