"""The page of the local cloud: live decisions, each as the chain that led to it, next to what exists now."""
