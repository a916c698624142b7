"""What no stack of this project may do: rules over resources, as a policy pack and as a check over a preview's JSON.

The rules are in :mod:`guardrails.rules`, pure and with the standard library only. Two thin ways lead in:
``guardrails/pack`` for `pulumi preview --policy-pack`, and ``python -m guardrails`` for `pulumi preview --json`.
"""
