"""What stands before each TCP port of the local cloud: which requests are answered at all, and for how long.

The local AWS loads this folder in an environment of its own, so it imports uvicorn and the standard library only.
"""
