"""The finished package is imported once before it ships: what is wrong is one sentence, and what may be right ships."""

from __future__ import annotations

import re
import time

import pytest

from keyless_bigquery.packaging import Contents, PackageError, Target, import_check
from tests.packaging.workshop import HANDLER, Workshop

READER = "def lambda_handler(event, bigquery: 'BigQueryReader'):\n    return event\n"
WRAPPER = (
    "import functools\ndef with_bigquery(function):\n    @functools.wraps(function)\n"
    "    def handler(event, context): ...\n    handler.gives_reader = True\n    return handler\n"
)
WRAPPED = f"from keyless_bigquery.runtime.wrapper import with_bigquery\n@with_bigquery\n{READER}"

REFUSED = {
    "import yaml": "yaml, which is not locked: add `PyYAML` to lambda_src/requirements.in and run `keyless lock`",
    "import pandas": "imports pandas, which is not locked: add `pandas` to lambda_src/requirements.in",
    "from google.cloud import storage": "not locked: add `google-cloud-storage` to lambda_src/requirements.in",
    "import google.cloud.pubsub_v1": "not locked: add `google-cloud-pubsub-v1` to lambda_src/requirements.in",
    "import helpers": "If it is a module of yours, put it into lambda_src/.",
    "from acme import absent": "imports absent from acme, which has no such name.",
    "import acme.needs": ("imports what fails: acme/needs.py, line 2, imports yaml, which is not locked: add `PyYAML`"),
    "from dateutil import parser": (
        "imports dateutil.parser, which is left out of the package. Set functionPackage: full, or name python-dateutil"
        " in lambda_src/requirements.in and run `keyless lock`."
    ),
    "import dateutil.parser.isoparser": "imports dateutil.parser, which is left out of the package.",
    "from cryptography.fernet import Fernet": "imports cryptography.fernet, which is left out .* name cryptography in",
    "import grpc": "imports grpc, which is left out of the package.* name grpcio in",
    "from cryptography import x509\nx509.load_pem_x509_certificate(b'')": (
        "line 3, cryptography.x509.load_pem_x509_certificate was used.*Set"
        " functionPackage: full, or name cryptography in"
    ),
    "1 / 0": "raises ZeroDivisionError when it is imported: division by zero.",
    "raise SystemExit(3)": "raises SystemExit when it is imported: 3.",
}


def refusal(workshop: Workshop, text: str, *, handler: str = "handler.lambda_handler") -> str:
    workshop.write(text)
    with pytest.raises(PackageError) as refused:
        workshop.build(handler=handler)
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.fixture
def stocked(workshop: Workshop) -> Workshop:
    """With packages that slim leaves out, or trims."""
    acme = {"acme/__init__.py": "", "acme/needs.py": "\nimport yaml\n", "google/cloud/acme.py": ""}
    workshop.add("acme", acme, via="-r lambda_src/requirements.in")
    dateutil = {"dateutil/__init__.py": "", "dateutil/parser/__init__.py": "", "dateutil/parser/isoparser.py": ""}
    workshop.add("python-dateutil", dateutil, via="google-cloud-bigquery")
    workshop.add("cryptography", {"cryptography/fernet.py": "class Fernet: ...\n"}, via="google-auth")
    workshop.add("grpcio", {"grpc/__init__.py": ""}, via="google-api-core")
    return workshop


def test_what_cannot_be_imported_is_refused_with_its_place_and_its_fix(stocked: Workshop) -> None:
    for text, says in REFUSED.items():
        said = refusal(stocked, f"\n{text}\n{HANDLER}")
        assert said.startswith(f"lambda_src/handler.py, line {2 + text.count(chr(10))}, "), text
        assert re.search(says, said), said


def test_full_ships_what_slim_leaves_out(stocked: Workshop) -> None:
    stocked.write(f"from dateutil import parser\nfrom cryptography.fernet import Fernet\nimport grpc\n{HANDLER}")
    stocked.build(contents=Contents.FULL)
    lock = stocked.lock.read_text()
    for by in ("google-auth", "google-cloud-bigquery", "google-api-core"):
        lock = lock.replace(f"# via {by}", f"# via\n    #   -r lambda_src/requirements.in\n    #   {by}")
    stocked.lock.write_text(lock)
    stocked.build()


@pytest.mark.parametrize(
    "text",
    [
        "import boto3\nfrom botocore.config import Config\nfrom botocore.exceptions import ClientError\n"
        "TABLE = boto3.resource('dynamodb', config=Config(retries={})).Table('t')\n"
        "class Mine(ClientError): ...\nprint(boto3.__version__)\n" + HANDLER,
        "import six, urllib3, dateutil.parser\n" + HANDLER,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n" + HANDLER,
        "QUERY = open('query.sql').read()\n" + HANDLER,
        "try:\n    import yaml\nexcept ImportError:\n    yaml = None\n" + HANDLER,
        "lambda_handler = lambda event, _: event\n",
        "def lambda_handler(*arguments): ...\n",
        "def lambda_handler(event, ctx=None, *, more=1): ...\n",
        "def lambda_handler(event, c: 'LambdaContext'): ...\n",
        WRAPPED,
        WRAPPED.replace("@with", "import functools\n@functools.cache\n@with"),
    ],
)
def test_what_may_be_right_ships_without_a_word(workshop: Workshop, text: str) -> None:
    workshop.write("SELECT 1", "query.sql")
    workshop.write(WRAPPER, "keyless_bigquery/runtime/wrapper.py")
    workshop.write(text)
    workshop.build()
    assert workshop.warnings == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "lambda_src/handler.py is missing, which must define the function lambda_handler"),
        ("x = 1\n", "lambda_src/handler.py has no function lambda_handler"),
        ("lambda_handler = 1\n", "lambda_src/handler.py has no function lambda_handler"),
        ("import json\ndef lambda_handler(:\n", "lambda_src/handler.py, line 2, has a syntax error: invalid syntax."),
        (READER, "takes bigquery where Lambda passes its context. For a BigQueryReader put `@with_bigquery` above it"),
        (READER.replace("bigquery:", "context:"), "takes context where Lambda passes its context"),
        ("def lambda_handler(event, client): ...\n", "otherwise name the parameter context."),
        ("def lambda_handler(event): ...\n", r"lambda_handler\(event\) .* two arguments, event and context."),
        ("def lambda_handler(a, context, c): ...\n", "can't be called with two arguments"),
        (WRAPPED.replace("event, ", "").replace("return event", "..."), "two arguments, event and the reader"),
        (f"async {HANDLER}", "is a coroutine, which Lambda never awaits"),
        ("import os\nos._exit(7)\n", "ended Python with code 7: nothing was printed"),
    ],
)
def test_what_is_no_handler_is_refused_with_the_fix(workshop: Workshop, text: str | None, says: str) -> None:
    workshop.write(WRAPPER, "keyless_bigquery/runtime/wrapper.py")
    if text is None:
        (workshop.source / "handler.py").unlink()
        with pytest.raises(PackageError, match=says):
            workshop.build()
    else:
        assert re.search(says, refusal(workshop, text))


def test_a_syntax_error_in_a_module_that_is_not_imported_yet_is_found(workshop: Workshop) -> None:
    workshop.write("def f(:\n", "part/later.py")
    with pytest.raises(PackageError, match=r"lambda_src/part/later\.py, line 1, has a syntax error"):
        workshop.build()


def test_the_setting_handler_names_another_function(workshop: Workshop) -> None:
    workshop.write("def run(event, context): ...\n", "jobs/daily.py")
    workshop.build(handler="jobs.daily.run")
    assert "lambda_src/jobs/daily.py has no function walk" in refusal(workshop, HANDLER, handler="jobs.daily.walk")
    assert "lambda_src/jobs/nightly.py is missing" in refusal(workshop, HANDLER, handler="jobs.nightly.run")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import os\nLIMIT = int(os.environ['LIMIT'])\n", "KeyError.*it reads the environment variable LIMIT"),
        ("import os\nLIMIT = int(os.getenv('LIMIT'))\n", "TypeError.*it reads the environment variable LIMIT"),
        ("import urllib.request as r\nr.urlopen('http://127.0.0.1:9/')\n", "it looks up 127.0.0.1"),
        ("import socket as s\ns.socket().connect(('10.0.0.1', 80))\n", "it connects to 10.0.0.1:80"),
        ("import subprocess\nsubprocess.run(['git'], check=True)\n", "it starts git"),
        ("import boto3\nN = int(boto3.client('ssm').get_parameter()['x'])\n", "it calls client of a package that only"),
    ],
)
def test_what_only_lambda_can_tell_ships_with_a_warning_each_time(workshop: Workshop, text: str, says: str) -> None:
    workshop.write(text + HANDLER)
    workshop.build()
    workshop.build()
    first, again = workshop.warnings
    assert first == again
    assert re.search(rf"handler\.py, line 2,.*{says}", first), first


def test_the_functions_own_variables_are_there_and_no_others(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    workshop.write(
        "import os\nassert os.environ['LIMIT'] == '3'\nassert os.environ['GOOGLE_CLOUD_PROJECT']\n"
        f"assert not [name for name in os.environ if 'SECRET' in name or 'PATH' == name]\n{HANDLER}"
    )
    workshop.build(environ={"LIMIT": "3"})
    assert workshop.warnings == []


def test_an_import_that_does_not_end_is_refused(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert import_check._IMPORT_SECONDS == 30
    monkeypatch.setattr(import_check, "_IMPORT_SECONDS", 0.5)
    begun = time.monotonic()
    assert "took more than 0.5 s" in refusal(workshop, f"while True: ...\n{HANDLER}")
    assert time.monotonic() - begun < 20


def test_where_another_python_imports_the_refusal_says_so(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_check, "find", lambda _: None)
    workshop.write(f"import yaml\n{HANDLER}")
    with pytest.raises(PackageError, match=r"imported with Python 3\.\d+\.\d+: if 3\.14 has what is missing"):
        workshop.build(Target(runtime="python3.14", architecture="arm64"))
