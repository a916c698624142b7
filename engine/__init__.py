"""Where a `pulumi` engine comes from, and the workspace in which it runs offline."""
