"""The processes: the emulator itself, and the children that it starts."""
