"""What is compared: the usual packages, a hand-written floor, nothing at all. Each folder is one, with its lock."""
