"""What the workflows in `.github/workflows` run: previews and drift as Markdown, and the workflows' own rules."""
