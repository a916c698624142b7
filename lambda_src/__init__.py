"""The function's own code, shipped as it stands: this folder is the folder of the same name in the zip."""
