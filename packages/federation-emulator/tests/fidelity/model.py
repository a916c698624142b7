"""What a case of the fidelity table says, and how the files of cases are read: with every problem at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

FOLDER = Path(__file__).with_name("cases")
SOURCES = FOLDER.parent / "sources.yaml"

Caller = Literal["anonymous", "unknown", "deployer", "federated", "reader", "storage-reader"]
CallerField = Literal["account", "arn", "user_id"]
Text = Annotated[str, Field(min_length=1)]
Model = TypeVar("Model", bound=BaseModel)


class Certainty(StrEnum):
    """How well it is known that Google answers so."""

    CERTAIN = "certain"
    APPROXIMATE = "approximate"
    NOT_SERVED = "not-served"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Source(_Strict):
    """Where Google's answer is public.

    Attributes:
        kind: ``documentation`` of Google's or AWS's; ``report``, an answer that a user or a client's test has recorded;
            ``measurement``, a published series of answers; ``client``, what a client or a plugin needs back.
    """

    title: Text
    url: HttpUrl
    kind: Literal["documentation", "report", "measurement", "client"]


class Request(_Strict):
    """A request. ``{name}`` in a text is a fixture: see :mod:`tests.fidelity.world`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, Field(pattern="^[/{]")]
    caller: Caller = Field("deployer", alias="as")
    headers: dict[str, str] = {}
    form: dict[str, str] | None = None
    json_body: Any = Field(None, alias="json")
    text: str | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if sum(body is not None for body in (self.form, self.json_body, self.text)) > 1:
            raise ValueError("a request has one of form, json and text")
        return self


class Token(_Strict):
    """How the OIDC token of ``{token}`` differs from the right one.

    Attributes:
        claims: Changed claims; ``null`` leaves one out, and ``now-61`` is a time in seconds since 1970.
        header: Changed fields of the header.
        key: Which key signs: the issuer's, another one under the same id, or one with an id that is not published.
        algorithm: With which algorithm.
    """

    claims: dict[str, Any] = {}
    header: dict[str, str | None] = {}
    key: Literal["published", "same-id", "unpublished"] = "published"
    algorithm: Literal["RS256", "ES256", "ES384"] = "RS256"


class Aws(_Strict):
    """What AWS STS answers to the signed request: a refusal, or another caller than the right one."""

    status: int = 403
    code: str = ""
    message: str = ""
    caller: dict[CallerField, str] = {}


class Expect(_Strict):
    """What the answer must have; what is left out is not compared.

    Attributes:
        status: HTTP status.
        error: ``error`` of an OAuth answer, ``error.status`` of any other.
        reason: ``error.errors[0].reason``.
        message: ``error_description`` of an OAuth answer, ``error.message`` of any other.
        matches: A pattern of it, for the whole.
        body: A part of the JSON: objects may have more, lists and values are the same.
        headers: Headers.
        without: Keys that the body lacks.
    """

    status: int
    error: str | None = None
    reason: str | None = None
    message: str | None = None
    matches: str | None = None
    body: Any = None
    headers: dict[str, str] = {}
    without: list[str] = []


class Case(_Strict):
    """One thing that Google is known, or thought, to answer.

    Attributes:
        title: A fact: what is answered when.
        given: Requests that must succeed before, as the deployer unless they say otherwise.
        request: The request.
        afterwards: Requests that undo what was given.
        certainty: How well the whole of ``expect`` is known.
        sources: Keys of ``sources.yaml``.
        why: What of it is not public, for an approximation.
    """

    id: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Text
    given: list[Request] = []
    token: Token = Token()
    aws: Aws | None = None
    request: Request
    expect: Expect
    afterwards: list[Request] = []
    certainty: Certainty
    sources: list[str] = []
    why: str = ""

    @model_validator(mode="after")
    def _is_founded(self) -> Self:
        problems = []
        if self.certainty is Certainty.CERTAIN and not self.sources:
            problems.append("a certain case names its source")
        if (self.certainty is Certainty.APPROXIMATE) is not bool(self.why):
            problems.append("an approximate case, and no other, says in `why` what is not public")
        if self.certainty is Certainty.NOT_SERVED:
            if self.expect.status != 501:
                problems.append("what is not served is 501")
            if not (self.expect.message or self.expect.matches):
                problems.append("the answer to what is not served names it, in `message` or `matches`")
        if self.expect.matches:
            try:
                re.compile(self.expect.matches, re.ASCII)
            except re.error as error:
                problems.append(f"matches: {error}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class CaseFile(_Strict):
    """The cases of one API. ``shared`` is a place for YAML anchors."""

    api: Text
    order: int
    shared: Any = None
    cases: Annotated[list[Case], Field(min_length=1)]


class FidelityError(ValueError):
    """The files of cases are wrong; the text has every problem, one a line."""


@cache
def sources() -> dict[str, Source]:
    """The sources, by key.

    Raises:
        FidelityError: One is malformed.
    """
    problems: list[str] = []
    found = {key: _read(Source, value, f"sources.yaml: {key}", problems) for key, value in _yaml(SOURCES).items()}
    _raise(problems)
    return {key: source for key, source in found.items() if source is not None}


@cache
def files() -> tuple[CaseFile, ...]:
    """The files of cases, in their order.

    Raises:
        FidelityError: A case is malformed, two have one id, or a source is unknown or unused.
    """
    problems: list[str] = []
    found = [_read(CaseFile, _yaml(path), path.name, problems) for path in sorted(FOLDER.glob("*.yaml"))]
    read = sorted((each for each in found if each is not None), key=lambda each: each.order)
    _raise([*problems, *_across(read)])
    return tuple(read)


def cases() -> Iterator[tuple[CaseFile, Case]]:
    """Each case, with its file."""
    for file in files():
        for case in file.cases:
            yield file, case


def _across(read: list[CaseFile]) -> Iterator[str]:
    """What no single case shows."""
    every = [case for file in read for case in file.cases]
    for name, count in Counter(case.id for case in every).items():
        if count > 1:
            yield f"{name}: {count} cases have this id"
    used = {key for case in every for key in case.sources}
    for case in every:
        for key in sorted(set(case.sources) - set(sources())):
            yield f"{case.id}: there is no source {key}"
    for key in sorted(set(sources()) - used):
        yield f"sources.yaml: {key} is the source of no case"


def _read(model: type[Model], value: Any, where: str, problems: list[str]) -> Model | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for each in error.errors():
            place = ".".join(map(str, each["loc"]))
            problems.append(f"{where}: {place}: {each['msg']}")
    return None


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _raise(problems: list[str]) -> None:
    if problems:
        raise FidelityError("\n".join(problems))
