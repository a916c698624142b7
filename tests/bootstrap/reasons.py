"""What a whole life of the local stack does not use of the rights that bootstrap grants, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping

_SNAP_START = "with snapStart, which takes a later Python than the local functions have"
_OFFICIAL = "the official plugin asks; the stand-in does not"
_STATE = "the stack's state, which is a file in the tests"

TO_DEPLOY: Mapping[str, str] = {
    **dict.fromkeys(
        ("lambda:CreateAlias", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:UpdateAlias", "lambda:PublishVersion"),
        _SNAP_START,
    ),
    **dict.fromkeys(
        ("iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "lambda:GetFunctionCodeSigningConfig"), _OFFICIAL
    ),
    **dict.fromkeys(("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"), _STATE),
    "kms:Decrypt": f"{_STATE}; and AWS decrypts a function's environment for who reads it",
    "lambda:ListTags": "AWS answers a function's tags only with it",
    "lambda:InvokeFunction": "`keyless verify`",
}
"""Actions of the deploy role."""

TO_LOOK: Mapping[str, str] = {
    **{
        name: TO_DEPLOY[name]
        for name in (
            *("lambda:GetAlias", "lambda:GetFunctionCodeSigningConfig", "lambda:ListTags"),
            *("s3:GetObject", "s3:ListBucket", "kms:Decrypt"),
        )
    },
}
"""Actions of the preview role."""

REFUSED_TO_LOOK: Mapping[str, str] = {
    "logs:DescribeLogStreams": "a function's log may have rows in it; the doctor goes on without, and drift needs none",
    "orgpolicy.policy.get is needed on projects/local-keyless": (
        "roles/orgpolicy.policyViewer is granted on an organisation, not on a project; the doctor goes on without"
    ),
}
"""What the watch for drift asks for and does not get, on either side."""
