"""Policy Analyzer v1: when keys were used last."""
