"""AWS Lambda reads BigQuery without a service account key: one stack, both clouds."""

from infra import collector

with collector.held():
    # Most of a preview's own time goes into loading the providers' SDKs, which this does.
    from infra import stack

    stack.declare()

collector.spare_the_exit()
