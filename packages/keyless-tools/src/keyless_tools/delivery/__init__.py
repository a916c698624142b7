"""What the workflows in `.github/workflows` run: previews and drift as Markdown, and GitHub told about them."""
