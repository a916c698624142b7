"""Who GitHub's workflows are in both clouds: a Pulumi program of its own, deployed once by a person who may.

Nothing here is a key. Each identity is a sentence about a token that GitHub signs for one job.
"""
