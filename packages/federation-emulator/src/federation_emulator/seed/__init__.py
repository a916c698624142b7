"""What a local Google holds from its start, written as a small YAML file."""
