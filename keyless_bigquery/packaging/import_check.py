"""Imports the finished package's handler once, and makes one sentence of what is wrong with it.

What only Lambda shows is no error: an import that fails after it looked for an environment variable, for the
network or for a package of Lambda's runtime may go well there, so it gives a warning. Modules compiled for another
machine are not what runs: then the same lock is installed for this machine, and that is imported.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keyless_bigquery.packaging import importer
from keyless_bigquery.packaging.errors import PackageError
from keyless_bigquery.packaging.interpreters import ENVIRONMENT, Interpreter, find
from keyless_bigquery.packaging.stand_ins import SHARED
from keyless_bigquery.packaging.target import Target
from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.trust import TrustChain

_IMPORT_SECONDS = 30

_ENVIRONMENT = {
    environment.PROJECT: "checked-at-build",
    environment.TABLE: "checked-at-build.dataset.table",
    environment.LOCATION: "US",
    environment.MAXIMUM_BYTES_BILLED: "10485760",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "checked-at-build",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "LAMBDA_TASK_ROOT": "",
    "TZ": ":UTC",
}
"""What the function will have, with values of the right form. Source for Lambda's own: AWS, "Defined runtime
environment variables". Those that say how Lambda starts the process are not among them: no token is fetched."""

_CONFIGURATION = TrustChain(
    aws_account_id="000000000000", role_name="checked", function_name="at-build"
).credential_configuration(
    provider_name="projects/1/locations/global/workloadIdentityPools/checked/providers/at-build",
    service_account_email=None,
)
"""With which a client can be made when the handler is imported."""

_DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "ruamel": "ruamel.yaml",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Packages whose modules have another name than they have."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Imported:
    """What is imported."""

    folder: Path
    function: str
    sources: Sequence[str]
    modules: Sequence[str]
    left_out: Mapping[str, str]


def interpreter(target: Target) -> Interpreter:
    """What imports: the target's own version where there is one, and otherwise the one that runs this."""
    running = ".".join(map(str, sys.version_info[:3]))
    return find(target.python.python_version) or Interpreter(path=Path(sys.executable), version=running)


def check(
    package: Imported, handler: str, environ: Mapping[str, str], *, by: Interpreter, target: Target
) -> str | None:
    """Imports a handler of the package.

    Args:
        package: What to import. Its compiled modules are for this machine and for the version of ``by``.
        handler: What Lambda, or the library, is to call: ``module.function``.
        environ: Variables that the function has besides.
        by: The interpreter.
        target: What the package is for.

    Returns:
        What is uncertain, as a warning; ``None`` if nothing is.

    Raises:
        PackageError: It can't be imported, or is no handler; at the latest after half a minute.
    """
    found = _run(package, handler, environ, by)
    problem = _problem(found, package, handler)
    if problem is None:
        return None
    uncertain = list(dict.fromkeys(found.get("uncertain", ())))
    if found["outcome"] == "raised" and uncertain:
        return (
            f"The function's import could not be checked: {problem} Before that it {', '.join(uncertain[:3])}, which is"
            " not there while the package is built. If it fails on Lambda too, every invocation does."
        )
    if by.version.rpartition(".")[0] != target.python.python_version:
        problem += (
            f" It was imported with Python {by.version}: if {target.python.python_version} has what is missing, install"
            f" that version here, such as by `uv python install {target.python.python_version}`."
        )
    raise PackageError(problem)


def _run(package: Imported, handler: str, environ: Mapping[str, str], by: Interpreter) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="keyless-bigquery-import-") as home:
        configuration, report = Path(home) / "credential-configuration.json", Path(home) / "report.json"
        configuration.write_text(_CONFIGURATION, encoding="utf-8")
        request = {
            "folder": str(package.folder),
            "handler": handler,
            "modules": package.modules,
            "sources": [path for path in package.sources if path.endswith(".py")],
            "report": str(report),
        }
        given = {
            **ENVIRONMENT,
            **_ENVIRONMENT,
            **environ,
            "HOME": home,
            environment.HANDLER: handler,
            environment.CREDENTIALS_FILE: str(configuration),
        }
        command = [str(by.path), "-I", "-S", "-B", "-W", "ignore", importer.__file__, json.dumps(request)]
        try:
            # No shell; the program is the interpreter that was found, and it sees the package alone.
            done = subprocess.run(
                command,
                cwd=package.folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_IMPORT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PackageError(
                f"importing {handler} of {package.function}/ took more than {_IMPORT_SECONDS} s. Do the work in"
                " the handler, and not while its module is imported."
            ) from None
        try:
            found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            said = done.stderr.decode(errors="replace").strip()[-300:] or "nothing was printed"
            raise PackageError(
                f"importing {handler} of {package.function}/ ended Python with code {done.returncode}: {said}"
            ) from None
        return found


def _problem(found: Mapping[str, Any], package: Imported, handler: str) -> str | None:
    """What is wrong, in a sentence with its fix; ``None``: nothing."""
    outcome = found["outcome"]
    module, _, name = handler.rpartition(".")
    file = f"{package.function}/{module.replace('.', '/')}.py"
    if outcome == "ok":
        return None
    if outcome == "no module" or (outcome == "missing" and found["module"] == module):
        return (
            f"{file} is missing, which must define the function {name or handler}. Write it, or name another"
            " with the setting handler."
        )
    if outcome == "no function":
        return f"{file} has no function {name}. Define it there, or name another with the setting handler."
    if outcome == "coroutine":
        return f"{name} in {file} is a coroutine, which Lambda never awaits. Define it with def, and call asyncio.run."
    if outcome == "parameters":
        given = "event and the reader" if found["wrapped"] else "event and context"
        return f"{name}{found['parameters']} in {file} can't be called with two arguments, {given}. Give it these two."
    if outcome == "not wrapped":
        return (
            f"{name} in {file} takes {found['parameter']} where Lambda passes its context. For a BigQueryReader put"
            " `@with_bigquery` above it (from keyless_bigquery.runtime import with_bigquery); otherwise name the"
            " parameter context."
        )
    if outcome == "raised" and found["place"] and found["place"][0] == SHARED:
        # A stand-in refused, in a sentence of its own.
        return f"{_where({**found, 'place': found['users']}, package)} {found['text']}"
    where = _where(found, package)
    if outcome == "syntax":
        return f"{where} has a syntax error: {found['text']}."
    if outcome == "missing":
        return f"{where} {_missing(found, package)}"
    return f"{where} raises {found['type']} when it is imported: {found['text'].rstrip('.')}."


def _missing(found: Mapping[str, Any], package: Imported) -> str:
    module, name = found["module"], found["name"]
    imported = f"{module}.{name}" if name else module
    owner = _left_out(imported, package.left_out)
    if owner is not None:
        return (
            f"imports {imported}, which is left out of the package. Set functionPackage: full, or name {owner} in"
            f" {package.function}/requirements.in and run `keyless lock`."
        )
    if not found["text"].startswith(("No module named", "cannot import name")):
        return f"can't import {imported}: {found['text'].rstrip('.')}."
    if name and found["defined"]:
        return f"imports {name} from {module}, which has no such name."
    return (
        f"imports {imported}, which is not locked: add `{_distribution(imported)}` to"
        f" {package.function}/requirements.in and run `keyless lock`. If it is a module of yours, put it into"
        f" {package.function}/."
    )


def _left_out(module: str, left_out: Mapping[str, str]) -> str | None:
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((left_out[name] for name in names if name in left_out), None)


def _distribution(module: str) -> str:
    for name in (module, ".".join(module.split(".")[:2]), module.partition(".")[0]):
        if name in _DISTRIBUTIONS:
            return _DISTRIBUTIONS[name]
    parts = module.split(".")
    count = 3 if parts[:2] == ["google", "cloud"] else 2 if parts[0] == "google" else 1
    return "-".join(parts[:count]).replace("_", "-")


def _where(found: Mapping[str, Any], package: Imported) -> str:
    place, users = found["place"], found["users"]
    if place is None:
        return f"{package.function}/"
    if users is None or place == users:
        path, line = place
        return f"{package.function}/{path}, line {line}," if path in package.sources else f"{path}, line {line},"
    return f"{package.function}/{users[0]}, line {users[1]}, imports what fails: {place[0]}, line {place[1]},"
