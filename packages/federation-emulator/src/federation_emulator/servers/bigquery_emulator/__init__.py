"""The BigQuery emulator behind the gateway: bqemulator's catalogue and translation, and an execution of our own.

It runs in an environment of its own, without anything of the local Google's, and listens on a Unix socket. What it
executes is judged once more by the engine that executes it: see ``judge``.
"""
