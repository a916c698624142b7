"""What a stack's configuration may say, and the checks of it."""
