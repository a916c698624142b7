"""What a program needs to use a running emulator."""
