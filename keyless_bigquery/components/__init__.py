"""The Pulumi program's parts: one module for each part of the picture in the README."""
