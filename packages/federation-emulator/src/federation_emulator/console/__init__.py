"""What a person reads of the decisions: the page, `explain`, the log."""
