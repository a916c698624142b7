"""Sound workflows, which tests break in one place each."""

from __future__ import annotations

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"

PUSH = "  push:\n    branches: [main]"
PUSHED = "github.event_name == 'push'"

SOUND = f"""
on:
  push:
    branches: [main]
permissions: {{}}
defaults:
  run:
    shell: bash
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT} # v7.0.1
        with:
          persist-credentials: false
      - run: make lint
"""

DEPLOYS = SOUND.replace("make lint", 'pulumi up --yes --stack "$STACK"').replace(
    "    timeout-minutes",
    "    environment: dev\n    concurrency: {group: stack-dev, cancel-in-progress: false}\n    timeout-minutes",
)

DESTROYS = (
    DEPLOYS.replace("pulumi up", "pulumi destroy")
    .replace("  push:\n    branches: [main]", "  workflow_dispatch:")
    .replace(
        "    environment: dev", "    environment: dev\n    needs: confirm\n    if: github.ref == 'refs/heads/main'"
    )
)

PREVIEWS = (
    SOUND.replace("  push:\n    branches: [main]", "  pull_request:")
    .replace("contents: read", "contents: read\n      id-token: write")
    .replace(
        "    timeout-minutes",
        "    if: github.event.pull_request.head.repo.full_name == github.repository\n    timeout-minutes",
    )
)

CALLABLE = PREVIEWS.replace("  pull_request:", "  workflow_call:").replace(
    "if: github", "if: github.event_name == 'pull_request' && github"
)

DEPLOYS_FOR_A_CALLER = (
    DEPLOYS.replace(PUSH, "  workflow_call:")
    .replace("    environment: dev", f"    if: {PUSHED} && github.ref == 'refs/heads/main'\n    environment: dev")
    .replace("contents: read", "contents: read\n      id-token: write")
)

DESTROYS_FOR_A_CALLER = DESTROYS.replace("  workflow_dispatch:", "  workflow_dispatch:\n  workflow_call:").replace(
    "if: github", "if: github.event_name == 'workflow_dispatch' && github"
)

CALLS = f"""
on: {{pull_request: {{}}, push: {{branches: [main]}}}}
permissions: {{}}
jobs:
  deploy:
    permissions: {{contents: read, id-token: write}}
    uses: acme/keyless/.github/workflows/deploy.yml@{CHECKOUT[-40:]} # v0.1.0
"""
