"""The page of the local cloud: live decisions, each as the chain that led to it, beside what exists now."""
