"""The tools of those who run a stack, behind one command line."""
