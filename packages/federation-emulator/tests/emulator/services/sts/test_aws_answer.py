"""Only what AWS writes is read as AWS's answer."""

from __future__ import annotations

import gzip

import pytest

from federation_emulator.services.sts.aws_answer import MOST_ANSWER_BYTES, NoAnswer, read_answer
from federation_emulator.services.sts.model import AwsRefusal
from keyless_bigquery.trust.caller import Caller

FIELDS = "<Arn>arn:aws:sts::1:assumed-role/R/s</Arn><UserId>AROA:s</UserId><Account>1</Account>"
CALLER = f"<GetCallerIdentityResult>{FIELDS}</GetCallerIdentityResult>"
GOOD = (
    f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{CALLER}</GetCallerIdentityResponse>'
)
REFUSAL = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    "<Code>ExpiredToken</Code><Message>{}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)
ARN = "<Arn>arn:aws:sts::1:assumed-role/R/s</Arn>"
METADATA = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
BOMB = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)) + "]>"


def test_a_caller_and_a_refusal_are_read() -> None:
    caller = Caller(account="1", arn="arn:aws:sts::1:assumed-role/R/s", user_id="AROA:s")
    assert read_answer(GOOD.encode(), 200) == caller
    assert read_answer(b'<?xml version="1.0"?>' + GOOD.encode(), 200) == caller
    assert read_answer(b'<?xml version="1.0" encoding="UTF-8"?>\n' + GOOD.encode(), 200) == caller
    spaced = GOOD.replace("><", ">\n  <").replace(
        "</GetCallerIdentityResponse>", METADATA + "</GetCallerIdentityResponse>"
    )
    assert read_answer(spaced.encode(), 200) == caller
    refusal = AwsRefusal(code="ExpiredToken", message="too late")
    assert read_answer(REFUSAL.format("too late").encode(), 403) == refusal


def test_what_aws_repeats_of_the_request_is_left_out() -> None:
    text = "The signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:SECRET"
    answer = read_answer(REFUSAL.format(text).encode(), 403)
    assert answer == AwsRefusal(code="ExpiredToken", message="The signature does not match.")


ENCODINGS = ("utf-16", "utf-7", "utf-32", "latin-1", "cp037", "big5", "no-such", "hex", "idna", "us-ascii")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 200),
        ("{}", 200),
        ("<a", 200),
        (GOOD, 403),
        (REFUSAL.format("x"), 200),
        (REFUSAL.format(""), 403),
        (GOOD.replace("<UserId>AROA:s</UserId>", ""), 200),
        (GOOD.replace(FIELDS, FIELDS * 2), 200),
        (GOOD.replace(CALLER, CALLER * 2), 200),
        (GOOD.replace(CALLER, FIELDS), 200),
        (GOOD.replace("GetCallerIdentityRes", "GetSessionTokenRes"), 200),
        (BOMB + GOOD.replace("AROA:s", "&e9;"), 200),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD, 200),
        ("<!---->" + GOOD, 200),
        (GOOD.replace("AROA:s", "\u00e9"), 200),
        (GOOD.replace("AROA:s", "x" * MOST_ANSWER_BYTES), 200),
        *((f'<?xml version="1.0" encoding="{name}"?>{GOOD}', 200) for name in ENCODINGS),
        (f'<?xml version="1.1"?>{GOOD}', 200),
        ("\ufeff" + GOOD, 200),
        (GOOD.replace(ARN, "<Arn>arn:aws:sts::1:assumed-role/R/s<x/></Arn>"), 200),
        (GOOD.replace(ARN, "<Arn>arn:aws:sts::1:assumed-role/R<x>/s</x></Arn>"), 200),
        (GOOD.replace(ARN, "<Arn>arn:aws:sts::1:assumed-role/R<?x y?>/s</Arn>"), 200),
        (GOOD.replace(ARN, "<Arn>arn:aws:sts::1:assumed-role/R<![CDATA[/s]]></Arn>"), 200),
        (GOOD.replace(ARN, "<Arn>arn:aws:sts::1:assumed-role/R<!-- x -->/s</Arn>"), 200),
        (GOOD.replace("<Arn>", "<Arn> "), 200),
        (GOOD.replace("</Arn>", "\n</Arn>"), 200),
        (GOOD.replace("<Arn>", '<Arn a="b">'), 200),
        (GOOD.replace("<Arn>", '<Arn xmlns="urn:other">'), 200),
        (GOOD.replace("2011-06-15", "2011-06-16"), 200),
        (GOOD.replace(' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"', ""), 200),
        (GOOD.replace(ARN, ARN + "arn:aws:sts::1:assumed-role/Other/s"), 200),
        (GOOD.replace(ARN, ARN + "<Other>1</Other>"), 200),
        (GOOD.replace(CALLER, CALLER + "<Other/>"), 200),
        (GOOD.replace(CALLER, "text" + CALLER), 200),
        (GOOD[:-20], 200),
        (GOOD + GOOD, 200),
        (GOOD, 301),
    ],
)
def test_anything_else_is_no_answer(body: str, status: int) -> None:
    for encoded in (body.encode(), body.encode("utf-16"), body.encode("utf-8-sig"), gzip.compress(body.encode())):
        with pytest.raises(NoAnswer):
            read_answer(encoded, status)
