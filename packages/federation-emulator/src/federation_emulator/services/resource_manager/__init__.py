"""Cloud Resource Manager v1: the project and its allow policy."""
