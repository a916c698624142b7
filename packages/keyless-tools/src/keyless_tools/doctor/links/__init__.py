"""One small function for each link: from what is expected and what was seen to a finding. All pure."""
