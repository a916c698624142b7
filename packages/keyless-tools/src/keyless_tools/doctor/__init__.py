"""Walks the deployed chain link by link, from the function's role to the rows, and names the first failed one.

It reads the stack's settings and outputs from the engine, asks the live APIs of both clouds, and compares what it found
with what the program would have made. It changes nothing: every request is a GET or a read by POST.
"""
