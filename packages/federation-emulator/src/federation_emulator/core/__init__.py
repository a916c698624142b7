"""What every service shares: errors, state, time, tokens, permissions, the decisions."""
