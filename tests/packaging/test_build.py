"""The built package: the same bytes for the same inputs, made for the target, and only what the function needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from keyless_bigquery import packaging as package
from keyless_bigquery.components.program import FUNCTION, LIBRARY, ROOT, package_cache
from keyless_bigquery.packaging import Contents, PackageError, Target, lock
from keyless_bigquery.packaging.archive import UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES, assemble
from keyless_bigquery.packaging.contents import OMITTED_DISTRIBUTIONS, OMITTED_FILES, select
from keyless_bigquery.packaging.unpacking import unpack

LOCK = FUNCTION / "requirements.txt"
PRODUCTION = Target(runtime="python3.14", architecture="arm64")
MOST_BYTES = {"sources": 1_100_000, "with bytecode": 2_300_000}


@pytest.fixture(scope="session")
def for_production() -> Path:
    return package.build(target=PRODUCTION, function=FUNCTION, library=LIBRARY, lock=LOCK, cache=package_cache())


@pytest.fixture(scope="session")
def for_host() -> Path:
    return package.build(target=Target.host(), function=FUNCTION, library=LIBRARY, lock=LOCK, cache=package_cache())


@pytest.fixture(params=["for_production", "for_host"])
def built(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture(scope="session")
def sources_alone() -> Path:
    return package.build(
        target=PRODUCTION,
        function=FUNCTION,
        library=LIBRARY,
        lock=LOCK,
        cache=package_cache(),
        bytecode=package.Bytecode.NONE,
    )


def test_the_zip_is_small(built: Path, sources_alone: Path) -> None:
    assert sources_alone.stat().st_size <= MOST_BYTES["sources"]
    assert built.stat().st_size <= MOST_BYTES["with bytecode"]
    with zipfile.ZipFile(built) as zipped:
        assert sum(entry.file_size for entry in zipped.infolist()) < 10_000_000
    assert MOST_BYTES["with bytecode"] < ZIPPED_LIMIT_BYTES < UNZIPPED_LIMIT_BYTES


def test_the_sources_are_in_it_as_they_stand(built: Path) -> None:
    with zipfile.ZipFile(built) as zipped:
        names = [
            name
            for name in zipped.namelist()
            if (name.startswith("keyless_bigquery/") or name == "handler.py") and name.endswith(".py")
        ]
        shipped = {name: zipped.read(name) for name in names}
    library = (LIBRARY / "__init__.py", *(LIBRARY / "runtime").rglob("*.py"))
    expected = {f"keyless_bigquery/{path.relative_to(LIBRARY)}": path.read_bytes() for path in library}
    assert shipped == {**expected, "handler.py": (FUNCTION / "handler.py").read_bytes()}


def test_nothing_that_is_omitted_is_in_it(built: Path) -> None:
    with zipfile.ZipFile(built) as zipped:
        names = zipped.namelist()
    assert not [name for name in names if name.startswith(("grpc", "opentelemetry/", "pyasn1", "proto/", "pycparser/"))]
    assert not [name for name in names if name.endswith((".pyi", "/RECORD", "/WHEEL", ".c", ".h"))]
    assert not [name for name in names if "/tests/" in name]


def test_versions_and_licences_are_in_it(built: Path) -> None:
    with zipfile.ZipFile(built) as zipped:
        names = zipped.namelist()
    for name in {entry.name for entry in lock.read(LOCK.read_text())} - OMITTED_DISTRIBUTIONS.keys():
        folder = name.replace("-", "_")
        assert [path for path in names if path.startswith(f"{folder}-") and path.endswith(".dist-info/METADATA")], name
    assert [name for name in names if "google_auth" in name and "LICENSE" in name]


def test_order_times_and_modes_are_fixed(built: Path) -> None:
    with zipfile.ZipFile(built) as zipped:
        entries = zipped.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    for entry in entries:
        assert entry.external_attr >> 16 == (0o100755 if entry.filename.endswith(".so") else 0o100644)
    with zipfile.ZipFile(built) as zipped:
        assert zipped.testzip() is None


def test_nothing_in_it_is_compiled_for_one_processor(for_production: Path) -> None:
    on_intel = Target(runtime=PRODUCTION.runtime, architecture="x86_64")
    other = package.build(target=on_intel, function=FUNCTION, library=LIBRARY, lock=LOCK, cache=package_cache())
    assert other.name != for_production.name
    assert other.read_bytes() == for_production.read_bytes()


def test_every_entry_leaves_out_something_that_is_locked(tmp_path: Path) -> None:
    """Each of the lists is read once for the versions that are locked; this finds what no longer fits them."""
    locked = lock.read(LOCK.read_text())
    selection = select(locked, Contents.SLIM)
    assert selection.omitted == OMITTED_DISTRIBUTIONS.keys()
    folder, wheels = tmp_path / "package", PRODUCTION.wheels
    unpacked = unpack(folder, locked, selection, python_version="3.14", wheels=wheels, what="")
    left_out, omitted = unpacked.left_out, OMITTED_DISTRIBUTIONS
    assert {left_out[name] for names in omitted.values() for name in names} == omitted.keys()
    gone = [(name.replace(".", "/"), package) for name, package in left_out.items()]
    for trimmed, pattern in OMITTED_FILES:
        paths = [f"{path}{end}" for path, of in gone for end in (".py", "/__init__.py", "/x") if of == trimmed]
        assert trimmed is None or any(re.fullmatch(pattern, path) for path in paths), pattern


def test_full_is_what_the_lock_says_and_has_no_stand_in(tmp_path: Path) -> None:
    """With the clients' uploads, keys and messages, which slim leaves out."""
    function = tmp_path / "lambda_src"
    function.mkdir()
    (function / "handler.py").write_text(
        "import cryptography.fernet, google.protobuf.message, google.resumable_media.requests, grpc\n"
        "import opentelemetry.trace\n"
        "from dateutil import parser\nfrom google.cloud import bigquery\n"
        "def lambda_handler(event, context): ...\n"
    )
    said: list[str] = []
    built = package.build(
        target=Target.host(),
        function=function,
        library=LIBRARY,
        lock=LOCK,
        cache=package_cache(),
        bytecode=package.Bytecode.NONE,
        contents=Contents.FULL,
        warn=said.append,
    )
    assert said == []
    with zipfile.ZipFile(built) as zipped:
        names = set(zipped.namelist())
    assert {"google/cloud/bigquery/magics/__init__.py", "google/protobuf/message.py"} <= names
    assert "not_shipped.py" not in names
    assert not [name for name in names if name.endswith(("/RECORD", "/INSTALLER", ".pyc"))]


def test_a_compiled_package_that_the_user_adds_is_the_targets_and_is_imported_as_this_machines(tmp_path: Path) -> None:
    function = tmp_path / "lambda_src"
    function.mkdir()
    (function / "handler.py").write_text("import yaml\nyaml.CSafeLoader\ndef lambda_handler(event, context): ...\n")
    (pyyaml,) = (entry for entry in lock.read((ROOT / "requirements.txt").read_text()) if entry.name == "pyyaml")
    added = tmp_path / "requirements.txt"
    added.write_text(f"{LOCK.read_text()}{pyyaml.text}    # via -r lambda_src/requirements.in\n")
    said: list[str] = []
    built = package.build(
        target=PRODUCTION, function=function, library=LIBRARY, lock=added, cache=package_cache(), warn=said.append
    )
    assert said == []
    with zipfile.ZipFile(built) as zipped:
        assert "yaml/_yaml.cpython-314-aarch64-linux-gnu.so" in zipped.namelist()


def test_what_lambda_would_not_take_is_refused() -> None:
    assert (ZIPPED_LIMIT_BYTES, UNZIPPED_LIMIT_BYTES) == (52_428_800, 262_144_000)
    assert assemble({"a": bytes(1000)})
    with pytest.raises(
        PackageError, match=r"has 262144001 bytes unzipped, and Lambda takes 262144000\. Largest are a \(250 MB\)"
    ):
        assemble({"a": bytes(262_144_001)})
    with pytest.raises(PackageError, match=r"has 5\d+ bytes zipped, and Lambda takes 52428800\."):
        assemble({"a": os.urandom(52_500_000)})


def test_another_process_builds_the_same_bytes(for_host: Path, tmp_path: Path) -> None:
    """Other times and modes of the sources, another working folder, umask, time zone and locale."""
    elsewhere = tmp_path / "elsewhere"
    for folder in (FUNCTION, LIBRARY):
        shutil.copytree(folder, elsewhere / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    cache = tmp_path / "cache"
    program = (
        "import os, sys; os.umask(0o077); from pathlib import Path; from keyless_bigquery import packaging as package;"
        "elsewhere, cache = map(Path, sys.argv[1:]); function = elsewhere / 'lambda_src';"
        "print(package.build(target=package.Target.host(), function=function, library=elsewhere / 'keyless_bigquery',"
        " lock=function / 'requirements.txt', cache=cache))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(elsewhere), str(cache)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    other = Path(done.stdout.strip())
    assert other.parent == cache
    assert other.name == for_host.name
    assert other.read_bytes() == for_host.read_bytes()


def test_a_build_that_was_made_before_is_quick(for_host: Path) -> None:
    changed = for_host.stat().st_mtime_ns
    begun = time.monotonic()
    again = package.build(target=Target.host(), function=FUNCTION, library=LIBRARY, lock=LOCK, cache=package_cache())
    seconds = time.monotonic() - begun
    assert again == for_host
    assert again.stat().st_mtime_ns == changed
    assert seconds < 1


def test_the_clients_public_names_are_there_and_what_is_left_out_refuses(for_host: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(for_host) as zipped:
        zipped.extractall(tmp_path)
    program = Path(__file__).with_name("client_program.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-W", "error", str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "google.resumable_media.requests.ResumableUpload",
        "cryptography.hazmat.primitives.serialization.load_pem_private_key",
        "cryptography.x509.load_pem_x509_certificate",
        "cryptography.hazmat.primitives.serialization.load_pem_public_key",
    ]
