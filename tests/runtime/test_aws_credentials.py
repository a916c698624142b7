"""Where the role's session comes from: variables, or a container credentials endpoint; and what is refused there."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.runtime.aws_credentials import Remembering, RoleSessionSupplier
from keyless_bigquery.runtime.container_session import ATTEMPTS, ContainerEndpoint
from keyless_bigquery.runtime.deadline import MARGIN_SECONDS, TimeLimit
from keyless_bigquery.runtime.errors import SubjectTokenError
from tests.http_server import Answer, json_answer
from tests.runtime.conftest import AWS_SECRETS
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint


def given(environ: Mapping[str, str], *, seconds: float = 10.0) -> tuple[str, str, str | None]:
    """The session that the supplier gives: key id, secret, token."""
    limit = TimeLimit()
    limit.begin(int((seconds + MARGIN_SECONDS) * 1000))
    supplier = RoleSessionSupplier({"AWS_REGION": "us-east-1", **environ}, limit, pause=lambda _: None)
    found = supplier.get_aws_security_credentials(None, None)
    return found.access_key_id, found.secret_access_key, found.session_token


def refusal(environ: Mapping[str, str], *, seconds: float = 10.0) -> str:
    with pytest.raises(SubjectTokenError) as refused:
        given(environ, seconds=seconds)
    message = str(refused.value)
    assert message.startswith("subject token failed: ")
    for secret in (*SESSION.values(), *AWS_SECRETS.values(), TOKEN):
        assert secret not in message
    return message


def at(endpoint: CredentialsEndpoint) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN}


FROM_ENDPOINT = (SESSION["AccessKeyId"], SESSION["SecretAccessKey"], SESSION["Token"])


def test_the_variables_come_first_and_the_endpoint_is_not_asked(endpoint: CredentialsEndpoint) -> None:
    assert given({**AWS_SECRETS, **at(endpoint)}) == tuple(AWS_SECRETS.values())
    assert endpoint.sent == []


def test_without_variables_the_endpoint_is_shown_the_token(
    endpoint: CredentialsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever would go through a proxy ends at a closed port.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert given(at(endpoint)) == FROM_ENDPOINT
    assert endpoint.sent == [TOKEN]


def test_nothing_is_kept_for_the_next_exchange(endpoint: CredentialsEndpoint) -> None:
    """A process that was restored from a snapshot must not sign with the session that it had before."""
    limit = TimeLimit()
    limit.begin(20_000)
    supplier = RoleSessionSupplier({"AWS_REGION": "us-east-1", **at(endpoint)}, limit)
    assert supplier.get_aws_security_credentials(None, None).session_token == SESSION["Token"]
    endpoint.answer = lambda _: json_answer({**SESSION, "Token": "another"})
    assert supplier.get_aws_security_credentials(None, None).session_token == "another"


def test_the_tokens_file_comes_first_and_is_read_each_time(endpoint: CredentialsEndpoint, tmp_path: Path) -> None:
    file = tmp_path / "token"
    environ = {**at(endpoint), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file)}
    for token in ("first", "second"):
        file.write_text(token)
        assert given(environ) == FROM_ENDPOINT
    assert endpoint.sent == ["first", "second"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names can't be read (No such file or directory)"),
        (f"{TOKEN}\nX-Other: 1".encode(), "a token with a line break"),
        (b"\xff", "holds no token"),
    ],
)
def test_a_tokens_file_that_holds_none_is_refused(
    endpoint: CredentialsEndpoint, tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert says in refusal({**at(endpoint), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file)})
    assert endpoint.sent == []


def test_a_path_is_asked_for_at_the_address_of_ecs_and_comes_before_an_address() -> None:
    environ = {
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0000",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://elsewhere.example",
    }
    found = ContainerEndpoint.from_environ(environ)
    assert (found.url, found.token) == ("http://169.254.170.2/v2/credentials/0000", None)
    assert "0000" not in repr(found)


def test_a_path_that_would_name_another_host_is_refused() -> None:
    assert "does not begin with a slash" in refusal({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@elsewhere.example/"})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:2773/v1/credentials",
        "http://127.9.9.9/",
        "http://localhost:80/x",
        "http://[::1]:1/x",
        "http://169.254.170.2/x",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "https://credentials.example/x",
    ],
)
def test_an_address_by_which_nothing_leaves_the_machine_in_clear_may_be_asked(url: str) -> None:
    assert ContainerEndpoint.from_environ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://credentials.example/x",
        "http://169.254.170.3/x",
        "http://169.254.169.254/latest",
        "http://127.0.0.1.example/x",
        "http://localhost.example/x",
        "http://[fd00:ec2::24]/x",
        "http://planted@127.0.0.1/x",
        "https://user:planted@credentials.example/x",
        "http://127.0.0.1\\@elsewhere.example/x",
        "http://127.0.0.1\n.elsewhere.example/x",
        "http://127.0.0.1:99999/x",
        "http://localhost/a\\b",
        "http://localhost/a b",
        "http://localhost/a\tb",
        "http://localhost/é",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "/v2/credentials",
        "http://",
    ],
)
def test_any_other_address_is_refused_and_not_shown(url: str) -> None:
    message = refusal({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI is invalid: it must be https, or http for this machine" in message
    assert "planted" not in message


def expiring(**ago: int) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


BAD_ANSWERS: list[Any] = [
    pytest.param(lambda _: json_answer({**SESSION, "Expiration": expiring(seconds=1)}), "that expired at", id="old"),
    pytest.param(lambda _: json_answer({**SESSION, "Expiration": "soon"}), "no time in RFC 3339", id="no time"),
    pytest.param(
        lambda _: json_answer({**SESSION, "Expiration": "2999-01-01T00:00:00"}), "no time in RFC", id="no zone"
    ),
    pytest.param(
        lambda _: json_answer({**SESSION, "Token": None, "SecretAccessKey": ""}),
        "answered without SecretAccessKey, Token",
        id="half a session",
    ),
    pytest.param(lambda _: json_answer([SESSION]), "no JSON object", id="list"),
    pytest.param(lambda _: Answer(body=json.dumps(SESSION)[:-9].encode()), "not JSON", id="cut off"),
    pytest.param(lambda _: Answer(body=b" " * (65536 + 1)), "more than 65536 bytes", id="huge"),
    pytest.param(
        lambda request: Answer(status=307, headers={"Location": f"{request.path}/x"}),
        "redirects elsewhere",
        id="redirect",
    ),
    pytest.param(
        lambda request: Answer(body=f"unknown token {request.authorization}".encode(), status=403),
        "answered 403: unknown token [removed]",
        id="refusal that quotes the token",
    ),
    pytest.param(lambda _: Answer(status=404), "answered 404: nothing", id="no such path"),
]


@pytest.mark.parametrize(("answer", "says"), BAD_ANSWERS)
def test_an_answer_that_is_no_session_is_refused_at_once(endpoint: CredentialsEndpoint, answer: Any, says: str) -> None:
    endpoint.answer = answer
    message = refusal(at(endpoint))
    assert says in message
    assert f"endpoint: {endpoint.url.split('/')[2]} " in message
    assert endpoint.sent == [TOKEN]


def test_a_session_is_used_up_to_its_last_minute(endpoint: CredentialsEndpoint) -> None:
    endpoint.answer = lambda _: json_answer({**SESSION, "Expiration": expiring(minutes=-1)})
    assert given(at(endpoint)) == FROM_ENDPOINT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_that_is_not_ready_is_asked_again_and_not_for_ever(
    endpoint: CredentialsEndpoint, status: int
) -> None:
    answers = iter([Answer(body=b"busy", status=status), json_answer(SESSION)])
    endpoint.answer = lambda _: next(answers)
    assert given(at(endpoint)) == FROM_ENDPOINT
    assert len(endpoint.sent) == 2
    endpoint.answer = lambda _: Answer(body=b"busy", status=status)
    assert f"answered {status}: busy" in refusal(at(endpoint))
    assert len(endpoint.sent) == 2 + ATTEMPTS


def _drip() -> Iterator[bytes]:
    while True:
        yield b" "
        time.sleep(0.02)


def test_an_answer_that_comes_byte_by_byte_ends_when_the_time_is_up(endpoint: CredentialsEndpoint) -> None:
    endpoint.answer = lambda _: Answer(parts=_drip())
    assert "gave no answer before the time was up" in refusal(at(endpoint), seconds=0.3)


def test_an_endpoint_that_never_answers_ends_when_the_time_is_up() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        begun = time.monotonic()
        says = refusal({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}, seconds=0.3)
        assert time.monotonic() - begun < 1.5
    assert "gave no answer before the time was up" in says


def test_an_endpoint_that_is_not_there_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"{host} took no connection" in refusal({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{host}/"})


def test_keys_without_a_session_token_are_refused_even_beside_an_endpoint(endpoint: CredentialsEndpoint) -> None:
    """They would be an IAM user's, which no role's session is."""
    keys = {name: value for name, value in AWS_SECRETS.items() if name != "AWS_SESSION_TOKEN"}
    assert "AWS_SESSION_TOKEN not set" in refusal({**keys, **at(endpoint)})
    assert endpoint.sent == []


def test_the_region_is_the_first_that_is_set() -> None:
    keys = {**AWS_SECRETS, "AWS_DEFAULT_REGION": "eu-west-1"}
    assert RoleSessionSupplier({**keys, "AWS_REGION": "us-east-1"}, TimeLimit()).get_aws_region(None, None) == (
        "us-east-1"
    )
    assert RoleSessionSupplier(keys, TimeLimit()).get_aws_region(None, None) == "eu-west-1"
    assert "AWS_REGION not set" in refusal({**AWS_SECRETS, "AWS_REGION": ""})


def test_what_a_supplier_gave_last_is_known_as_secret(endpoint: CredentialsEndpoint) -> None:
    limit = TimeLimit()
    limit.begin(20_000)
    remembering = Remembering(RoleSessionSupplier({"AWS_REGION": "us-east-1", **at(endpoint)}, limit))
    assert not remembering.secrets
    remembering.get_aws_security_credentials(None, None)
    assert remembering.secrets == FROM_ENDPOINT
