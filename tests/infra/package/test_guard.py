"""The guard: a build is refused as soon as the function could import something that does not ship."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from infra.package import PackageError, Target, contents, guard, standard_library, wheels
from infra.package.archive import Entry
from infra.package.contents import OMITTED_DISTRIBUTIONS, OMITTED_FILES, ExcusedImport
from infra.package.guard import Shipping, refuse_missing
from infra.package.imports import When
from infra.package.selection import omitted, selected
from infra.program import ROOT

LOCK = (ROOT / "lambda_src" / "requirements.txt").read_text()
TARGET = Target(runtime="python3.14", architecture="arm64")
OLDEST = Target(runtime="python3.11", architecture="arm64")
START = "keyless_bigquery/runtime/handler.py"

IMPORTED_AS = {
    "cffi": "cffi",
    "charset-normalizer": "charset_normalizer.md",
    "cryptography": "cryptography.fernet",
    "google-crc32c": "google_crc32c",
    "google-resumable-media": "google.resumable_media.common",
    "googleapis-common-protos": "google.rpc.status_pb2",
    "grpcio": "grpc",
    "grpcio-status": "grpc_status.rpc_status",
    "idna": "idna.codec",
    "opentelemetry-api": "opentelemetry.trace",
    "proto-plus": "proto",
    "protobuf": "google.protobuf.message",
    "pyasn1": "pyasn1.codec",
    "pyasn1-modules": "pyasn1_modules",
    "pycparser": "pycparser",
    "typing-extensions": "typing_extensions",
}
"""A module of each package that is left out."""


def refusal(sources: Mapping[str, str], *, target: Target = TARGET, stand_ins: Mapping[str, str] | None = None,
            dropped: tuple[str, ...] = (), libraries: tuple[str, ...] = ()) -> str:  # fmt: skip
    """Why a package is refused; empty if it is not."""
    given = {**sources, **(stand_ins or {})}
    shipping = Shipping(
        sources={path: source.encode() for path, source in given.items()},
        stand_ins=(stand_ins or {}).keys(),
        libraries=libraries,
        left_out=(),
        dropped=dropped,
    )
    try:
        refuse_missing(shipping, start=[START], target=target)
    except PackageError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Entry]]:
    """The real wheels."""
    locked = wheels.locked(LOCK)
    wanted = wheels.without(locked, omitted({requirement.name for requirement in locked}))
    paths = wheels.fetch(wanted, target=TARGET, folder=tmp_path_factory.mktemp("wheels"))
    return {wheels.distribution(path): list(wheels.installed(path)) for path in paths}


def choose(fetched: Mapping[str, list[Entry]], handler: str) -> list[Entry]:
    """What would ship of the real packages for a function of one source."""
    names = {requirement.name for requirement in wheels.locked(LOCK)}
    return selected(fetched, locked=names, sources=[Entry.stored(START, handler.encode())], target=TARGET)


@pytest.mark.parametrize("omission", OMITTED_DISTRIBUTIONS, ids=lambda omission: str(omission.name))
def test_each_package_that_is_left_out_is_missed_as_soon_as_it_is_needed(
    fetched: dict[str, list[Entry]], omission: contents.OmittedDistribution
) -> None:
    module = IMPORTED_AS[omission.name]
    said = rf"^lambda_src\.handler \(line 2\) imports {re.escape(module)} when it is imported itself, and that does not"
    with pytest.raises(PackageError, match=said):
        choose(fetched, f"import json\nimport {module}\n")
    with pytest.raises(
        PackageError, match=r"inside a function, and that (does not ship|has only a stand-in).*contents"
    ):
        choose(fetched, f"import json\ndef handler():\n    import {module}\n")


def test_each_pattern_that_leaves_modules_out_is_missed_as_soon_as_one_is_needed(
    fetched: dict[str, list[Entry]],
) -> None:
    tried = 0
    for listed in OMITTED_FILES:
        for entry in fetched.get(listed.distribution or "", ()):
            if entry.path.endswith(".py") and re.fullmatch(listed.pattern, entry.path):
                module = entry.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                parent, _, name = module.rpartition(".")
                for needs in (f"import {module}", f"from {parent} import {name}", f"from {module} import x"):
                    with pytest.raises(PackageError, match=rf"imports {re.escape(module)}.*, since it is left out"):
                        choose(fetched, needs)
                tried += 1
                break
    assert tried == len([listed for listed in OMITTED_FILES if listed.distribution])


def test_what_the_function_really_imports_ships(fetched: dict[str, list[Entry]]) -> None:
    shipped = {entry.path for entry in choose(fetched, "from google.cloud import bigquery\nimport google.auth.aws\n")}
    assert "google/cloud/bigquery/client.py" in shipped
    assert "cryptography/hazmat/primitives/hashes.py" in shipped


def test_a_new_version_of_a_library_that_needs_more_is_refused(fetched: dict[str, list[Entry]]) -> None:
    doctored = dict(fetched)
    new = Entry.stored("google/auth/aws.py", b"from google.protobuf import struct_pb2\n")
    doctored["google-auth"] = [new if entry.path == new.path else entry for entry in fetched["google-auth"]]
    with pytest.raises(
        PackageError, match=r"google\.auth\.aws \(line 1\) imports google\.protobuf\.struct_pb2 when it"
    ):
        choose(doctored, "import google.auth.aws\n")
    new = Entry.stored(new.path, b"from cryptography.hazmat.primitives import hashes\nSIGNED = hashes.SHA512()\n")
    doctored["google-auth"] = [new if entry.path == new.path else entry for entry in fetched["google-auth"]]
    with pytest.raises(
        PackageError, match=r"uses cryptography\.hazmat\.primitives\.hashes\.SHA512 when it is imported"
    ):
        choose(doctored, "import google.auth.aws\n")


@pytest.mark.parametrize(
    "source",
    [
        "import absent",
        "import acme.absent",
        "from absent import x",
        "from acme.absent import x",
        "from . import absent",
        "from .absent import x",
        "if CONDITION:\n    import absent",
        "if CONDITION:\n    pass\nelse:\n    import absent",
        "class C:\n    import absent",
        "try:\n    import absent\nexcept ValueError:\n    pass",
        "try:\n    import absent\nfinally:\n    pass",
        "try:\n    import absent\nexcept ImportError as error:\n    raise RuntimeError('install it') from error",
        "try:\n    import absent\nexcept ImportError:\n    print('install it')\n    raise",
        "try:\n    import json\nexcept ImportError:\n    pass\nelse:\n    import absent",
        "try:\n    import other\nexcept ImportError:\n    import absent",
        "with open('x'):\n    import absent",
        "import importlib\nimportlib.import_module('absent')",
        "import sys\nif sys.version_info >= (3, 12):\n    import absent",
        "import sys\nif sys.platform == 'linux':\n    import absent",
        "import sys\nif not sys.platform == 'win32':\n    import absent",
        "import acme.needs",
        "try:\n    import acme.needs\nexcept ImportError:\n    pass",
    ],
)
def test_what_would_be_missing_is_refused(source: str) -> None:
    others = {"acme/__init__.py": "", "acme/needs.py": "import absent\n"}
    said = refusal({START: source, **others})
    assert "absent" in said
    assert "does not ship" in said
    assert "infra/package/contents.py" in said


@pytest.mark.parametrize(
    "source",
    [
        "import json, os.path\nfrom xml.etree import ElementTree\nfrom __future__ import annotations",
        "from acme import part, name, space\nimport acme.part as p\nfrom acme.space import deep\nfrom acme import *",
        "import compiled\nfrom compiled import x",
        "from . import handler\nfrom .handler import x",
        "try:\n    import absent\nexcept ImportError:\n    absent = None",
        "try:\n    import absent\nexcept (ModuleNotFoundError, OSError):\n    pass\nelse:\n    import absent.more",
        "try:\n    import absent\nexcept Exception:\n    pass",
        "try:\n    import absent\nexcept:\n    pass",
        "try:\n    import json\nexcept ImportError:\n    import absent",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import absent",
        "def f():\n    try:\n        import absent\n    except ImportError:\n        pass",
        "def f():\n    import absent",
        "def f():\n    import acme.needs",
        "def f():\n    try:\n        import acme.needs\n    except ImportError:\n        pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import absent",
        "import typing\nif not typing.TYPE_CHECKING:\n    pass\nelse:\n    import absent",
        "import sys\nif sys.version_info < (3, 12):\n    import absent",
        "import sys\nif sys.version_info >= (4,):\n    import absent",
        "import sys\nif sys.platform == 'emscripten':\n    import absent",
        "import sys\nif sys.platform != 'linux':\n    import absent",
        "import importlib\nimportlib.import_module(NAME)\nimportlib.import_module('.part', 'acme')",
    ],
)
def test_what_is_there_or_may_be_absent_is_let_through(source: str) -> None:
    others = {
        "acme/__init__.py": "name = 1",
        "acme/part.py": "",
        "acme/space/deep.py": "",
        "acme/needs.py": "import absent",
    }
    assert refusal({START: source, **others}, libraries=("compiled.cpython-314-aarch64-linux-gnu.so",)) == ""


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    import dropped",
        "def f():\n    def g():\n        from dropped.part import x",
        "try:\n    def f():\n        import dropped\nexcept ImportError:\n    pass",
        "def f():\n    from space import dropped",
        "def f():\n    import acme.later",
        "def f():\n    try:\n        import acme.later\n    except ImportError:\n        pass",
        "import acme.sooner",
    ],
)
def test_what_is_imported_later_must_not_be_something_that_was_dropped(source: str) -> None:
    sources = {
        START: source,
        "acme/later.py": "import dropped",
        "acme/sooner.py": "def f():\n    import acme.later\n",
        "space/part.py": "",
    }
    said = refusal(sources, dropped=("dropped", "space.dropped"))
    assert "dropped" in said
    assert "and that does not ship, since it is left out" in said
    if "acme.sooner" in source:
        assert said.startswith("acme.later (line 1) imports dropped when it is imported itself")
    assert refusal(sources, dropped=("another",)) == "", "an extra that nobody locked"


def test_conditions_on_the_version_are_the_targets() -> None:
    source = "import sys\nif sys.version_info >= (3, 14):\n    import absent\n"
    assert "absent" in refusal({START: source}, target=TARGET)
    assert refusal({START: source}, target=OLDEST) == ""


def test_the_standard_library_is_the_targets() -> None:
    assert refusal({START: "import telnetlib, distutils.version"}, target=OLDEST) == ""
    assert "python3.14, whose standard library no longer has it" in refusal({START: "import telnetlib"})
    assert refusal({START: "from compression import zstd"}, target=TARGET) == ""
    assert "compression" in refusal({START: "from compression import zstd"}, target=OLDEST)
    assert {"json", "sys", "__future__", "zoneinfo"} <= standard_library.modules(11) & standard_library.modules(14)


STAND_IN = {
    "gone/__init__.py": "def f(): ...\nVERSION = '1'\n",
    "gone/keys.py": "class Key: ...\nclass Bad(Exception): ...\n",
}


@pytest.mark.parametrize(
    "source",
    [
        "from gone import g",
        "from gone.keys import Other",
        "from gone import *",
        "import gone.absent",
        "import gone\ngone.g()",
        "if CONDITION:\n    import gone\n    gone.g()",
        "import gone.keys\ngone.keys.Other",
        "from gone import keys as k\nclass C:\n    x: k.Other",
        "from gone import keys\ndef f(key: keys.Other): ...",
        "from gone import keys\ndef f(key=keys.Other): ...",
        "from gone import keys\n@keys.Other\ndef f(): ...",
        "from gone import keys\nclass C(keys.Other): ...",
        "def f():\n    import gone",
        "def f():\n    from gone.keys import Key",
        "try:\n    import gone\nexcept ImportError:\n    gone = None",
    ],
)
def test_what_a_stand_in_does_not_have_is_refused_and_so_is_relying_on_one_later(source: str) -> None:
    said = refusal({START: source}, stand_ins=STAND_IN)
    assert "gone" in said
    assert "infra/package/contents.py" in said


@pytest.mark.parametrize(
    "source",
    [
        "from gone import f, VERSION, keys\nfrom gone.keys import Key",
        "import gone.keys\nheld = gone.keys.Key, gone.f, gone.VERSION, gone.keys",
        "from gone import keys\ndef f(key: keys.Key):\n    keys.Other()\n    lambda: keys.Other",
        "from __future__ import annotations\nfrom gone import keys\nx: keys.Other\ndef f(key: keys.Other): ...",
        "try:\n    import gone.absent\nexcept ImportError:\n    pass",
    ],
)
def test_what_a_stand_in_has_is_let_through(source: str) -> None:
    assert refusal({START: source}, stand_ins=STAND_IN, target=OLDEST) == ""


def test_an_excuse_holds_for_its_own_import_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    excuse = ExcusedImport(importer="acme", imported="gone", when=When.LATER, reason="for this test")
    monkeypatch.setattr(guard, "EXCUSED_IMPORTS", (excuse,))
    later = {START: "import acme.part\n", "acme/part.py": "def f():\n    import gone.deep\n"}

    def said(**changed: str) -> str:
        paths = {"start": START, "part": "acme/part.py"}
        return refusal(later | {paths[name]: source for name, source in changed.items()}, dropped=("gone", "goner"))

    assert said() == ""
    assert "imports goner" in said(part="def f():\n    import gone, goner\n")
    assert "imports gone when it is imported itself" in said(part="import gone\n")
    assert "handler (line 3) imports gone inside" in said(start="import acme.part\ndef f():\n    import gone\n")
    assert "excuses that acme imports gone, which it no longer does" in said(part="")
    assert said(start="") == "", "it is about nothing that is walked"


def test_a_source_that_cannot_be_read_is_named() -> None:
    said = refusal({START: "import acme", "acme.py": "print 'hello'"})
    assert said.startswith("acme.py in the package is no source that can be read")


def test_every_entry_has_a_reason() -> None:
    for entry in (*OMITTED_DISTRIBUTIONS, *OMITTED_FILES, *contents.EXCUSED_IMPORTS):
        assert entry.reason
    assert IMPORTED_AS.keys() == {listed.name for listed in OMITTED_DISTRIBUTIONS}
    for listed in OMITTED_DISTRIBUTIONS:
        assert IMPORTED_AS[listed.name].startswith(listed.modules), listed
