"""Where a `pulumi` engine comes from, and the workspace in which it runs offline.

`python -m pulumi_offline.engine` gets an engine and prints the folder of its executables. Set-up makes the
other virtual environments. Both use only the standard library and the `pulumi` package.
"""
