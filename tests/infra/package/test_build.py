"""The built package: the same bytes for the same inputs, made for the target, and only what the function needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from infra import package
from infra.package import PackageError, Target, wheels
from infra.package.check import UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES, check_library
from infra.package.contents import OMITTED_DISTRIBUTIONS
from infra.program import FUNCTION, LIBRARY, ROOT, package_cache

LOCK = FUNCTION / "requirements.txt"
PRODUCTION = Target(runtime="python3.14", architecture="arm64")
MOST_BYTES = {"sources": 3_500_000, "with bytecode": 6_600_000}


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
    expected = {f"keyless_bigquery/{path.relative_to(LIBRARY)}": path.read_bytes() for path in LIBRARY.rglob("*.py")}
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
    omitted = {listed.name for listed in OMITTED_DISTRIBUTIONS}
    shipped = wheels.without(wheels.locked(LOCK.read_text()), omitted)
    for requirement in shipped:
        folder = f"{requirement.name.replace('-', '_').lower()}-{requirement.version}.dist-info/"
        assert [name for name in names if name.lower() == f"{folder}metadata"], requirement
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


def test_a_library_for_another_interpreter_is_refused() -> None:
    arm = b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little")
    check_library("a/b.cpython-314-aarch64-linux-gnu.so", arm, target=PRODUCTION)
    check_library("a/b.abi3.so", arm, target=PRODUCTION)
    with pytest.raises(PackageError, match="ELF machine 183"):
        check_library("a/b.abi3.so", arm, target=Target(runtime="python3.14", architecture="x86_64"))
    with pytest.raises(PackageError, match="CPython 311"):
        check_library("a/b.cpython-311-aarch64-linux-gnu.so", arm, target=PRODUCTION)
    with pytest.raises(PackageError, match="no ELF library"):
        check_library("a/b.so", b"MZ" + bytes(30), target=PRODUCTION)


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
        "import os, sys; os.umask(0o077); from pathlib import Path; from infra import package;"
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
