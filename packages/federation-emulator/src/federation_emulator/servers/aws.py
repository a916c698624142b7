"""The local AWS: ministack as a child process, checking real signatures and running the real function."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from federation_emulator.client.languages import trust, without_google
from federation_emulator.core.loopback import NO_ANSWER, ask
from federation_emulator.ports.aws import HEALTH
from federation_emulator.ports.issuers import FILE
from federation_emulator.ports.server import REQUEST_SECONDS
from federation_emulator.servers import environments
from federation_emulator.servers.launch import STANDALONE
from federation_emulator.servers.process import Child, Command, ProcessError

_LAUNCHER = Path(__file__).parent / "ministack_main.py"
_ISSUER = (sys.executable, "-I", str(STANDALONE), "federation_emulator.client.issuer")
"""What starts the process that signs tokens: with this Python, since a library that signs is nothing for functions."""

SERVICES = ("iam", "sts", "lambda", "logs", "events")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class AwsSettings:
    """What the local AWS is like.

    Args:
        account_id: the one account, 12 digits; also the access key id of its root user, whose secret is `test`.
        folder: where its log and the functions' code are kept.
        port: port on 127.0.0.1; 0 lets the system choose.
        keep: whether it writes what it holds into that folder when it is ended in order, and begins with it again.
        request_seconds: how long a client may take to send a request, or to take in an answer.
        issuers: file of the keys of issuers that a role may trust, see `federation_emulator/ports/issuers.py`; None:
            in its own folder.
        authority: certificate of the local Google's authority, which functions trust; None: it is served over http.
    """

    account_id: str
    region: str
    folder: Path
    port: int = 0
    keep: bool = False
    request_seconds: float = REQUEST_SECONDS
    issuers: Path | None = None
    authority: Path | None = None

    @property
    def kept(self) -> Path:
        """Folder of what it keeps."""
        return self.folder / "kept"


class LocalAws:
    """A running local AWS.

    Attributes:
        url: its base URL, once it is ready.
    """

    def __init__(self, child: Child) -> None:
        self.child = child
        self.url = ""

    def wait(self, *, limit_seconds: float) -> None:
        """Wait until it answers; raises :class:`ProcessError` if it does not."""
        port = self.child.wait_for_event("listening", limit_seconds=limit_seconds)["port"]
        url = f"http://127.0.0.1:{port}"
        self.child.wait_for_answer(url + HEALTH, limit_seconds=limit_seconds)
        self.url = url

    @classmethod
    def start(cls, settings: AwsSettings) -> LocalAws:
        """Start it; `wait` says when it can be used."""
        temporary = settings.folder / "tmp"
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        python = environments.LOCAL_AWS.python
        command = Command(
            name="the local AWS (ministack)",
            arguments=[
                *(str(python), "-I", str(_LAUNCHER)),
                *(str(settings.port), str(settings.request_seconds), str(settings.issuers or settings.folder / FILE)),
                *_ISSUER,
            ],
            environment=clean_environment(settings, temporary),
            log=settings.folder / "aws.log",
            folder=settings.folder,
        )
        return cls(Child.start(command))

    @staticmethod
    def forget(settings: AwsSettings) -> None:
        """Remove what was kept, once it has been read.

        It is written at an orderly end only. Left in place, it would be read again after a kill, and bring back a role
        that was deleted since; an account that starts empty is the safer surprise.
        """
        for file in settings.kept.glob("*.json"):
            file.unlink()


def clean_environment(settings: AwsSettings, temporary: Path) -> dict[str, str]:
    """The whole environment of the local AWS.

    Its functions inherit it, so it holds nothing of ours: what a function sees is this and its own variables.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # Functions reach this machine alone.
        **without_google(),
        **(trust(settings.authority, {}) if settings.authority else {}),
        # Functions may only be refused or allowed for what their signature says.
        "AUTH": "true",
        "SERVICES": ",".join(SERVICES),
        "MINISTACK_ACCOUNT_ID": settings.account_id,
        "MINISTACK_REGION": settings.region,
        "LAMBDA_EXECUTOR": "local",
        # Neither listens before it is used, and both would be on a port of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        **({"PERSIST_STATE": "1", "STATE_DIR": str(settings.kept)} if settings.keep else {}),
    }


def another_aws(url: str) -> str:
    """The base URL of another AWS, which must be on this machine: signed requests are forwarded to it.

    Raises:
        ProcessError: it is elsewhere, or does not answer.
    """
    try:
        found = urlsplit(url)
        right = found.scheme == "http" and found.hostname in _LOOPBACK and found.path in {"", "/"} and not found.query
        right = right and found.username is None and found.port != 0
    except ValueError:
        right = False
    if not right:
        raise ProcessError(f"--aws-endpoint is {url!r}; it must be http://127.0.0.1:PORT, an AWS on this machine")
    try:
        ask("GET", url, limit_seconds=_ANSWER_SECONDS)
    except NO_ANSWER as error:
        raise ProcessError(
            f"no AWS answers at --aws-endpoint {url} ({type(error).__name__}); start it first"
        ) from error
    return url.rstrip("/")
