"""A Pulumi engine, stand-in plugins, previews and a demonstration, without a cloud."""
