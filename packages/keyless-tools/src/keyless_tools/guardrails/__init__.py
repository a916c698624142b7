"""What no stack of this project may do: rules over resources, as a policy pack and as a check over a preview's JSON.

The rules are in :mod:`keyless_tools.guardrails.rules`, pure and with the standard library only. Two thin ways lead in:
The pack is for `pulumi preview --policy-pack`, ``keyless guardrails`` for `pulumi preview --json`.
"""
