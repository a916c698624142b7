"""The builder's rules, on wheels made here: no registry is asked."""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyless_bigquery import packaging as package
from keyless_bigquery.packaging import PackageError, Target, installing, sources
from tests.packaging.workshop import HANDLER, HOST, Workshop, files_of

PRODUCTION = Target(runtime="python3.14", architecture="arm64")


def test_a_wheels_files_lie_where_they_are_imported_from_and_what_the_installer_writes_stays(
    workshop: Workshop,
) -> None:
    workshop.add(
        "acme",
        {
            "acme/__init__.py": "x = 1\n",
            "acme-1.0.data/purelib/beside.py": "y = 2\n",
            "acme-1.0.data/scripts/acme": "#!python\n",
            "acme-1.0.dist-info/entry_points.txt": "[console_scripts]\nacme = acme:main\n",
        },
    )
    wheel = {name: text for name, text in files_of(workshop.build()).items() if "WHEEL" not in name}
    assert wheel == {
        "acme/__init__.py": b"x = 1\n",
        "acme-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "acme-1.0.dist-info/entry_points.txt": b"[console_scripts]\nacme = acme:main\n",
        "beside.py": b"y = 2\n",
        "handler.py": HANDLER.encode(),
    }


def test_sources_and_data_ship_and_what_is_for_other_programs_stays(workshop: Workshop) -> None:
    ships = ["handler.py", "part/query.sql", "part/tests.sql", "template.json", "testing.py", "requirements_of.py"]
    stays = [
        *("requirements.txt", "requirements.in", "example_event.json", ".env", ".hidden/notes.sql"),
        *(
            "__pycache__/handler.cpython-314.pyc",
            "test_handler.py",
            "part/part_test.py",
            "conftest.py",
            "tests/data.sql",
        ),
    ]
    for path in (*ships, *stays):
        workshop.write(HANDLER if path == "handler.py" else "", path)
    assert sorted(files_of(workshop.build())) == sorted(set(ships) - {"requirements_of.py"})


@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", "large file"])
def test_a_file_that_cannot_ship_is_named(workshop: Workshop, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sources.LARGEST_FILE_BYTES == 20 * 1024 * 1024
    monkeypatch.setattr(sources, "LARGEST_FILE_BYTES", 1000)
    data = workshop.source / "data"
    if kind == "large file":
        data.write_bytes(bytes(1000))
        workshop.build()
        data.write_bytes(bytes(1001))
    else:
        data.symlink_to(workshop.wheels if kind == "link to a folder" else workshop.lock)
    with pytest.raises(PackageError, match=r"/lambda_src/data (has 1001 bytes|is a symbolic link)"):
        workshop.build()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("acme/query.sql", "a package that ships with the function, 'acme'"),
        ("acme.py", "a package that ships with the function, 'acme'"),
        ("json.py", "a module of Python's standard library, 'json'"),
        ("logging/__init__.py", "a module of Python's standard library, 'logging'"),
        ("boto3.py", "a package of Lambda's runtime, 'boto3'"),
        ("email/welcome.html", None),
        ("acmes.py", None),
    ],
)
def test_a_file_that_would_hide_another_module_is_refused(workshop: Workshop, path: str, says: str | None) -> None:
    workshop.add("acme", {"acme/__init__.py": ""})
    workshop.write("", path)
    if says is None:
        assert path in files_of(workshop.build())
    else:
        with pytest.raises(PackageError, match=f"lambda_src/{path} has the name of {says}.* Rename it"):
            workshop.build()


def test_what_changes_the_package_gives_it_another_name(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    first = workshop.build()
    assert workshop.build() == first
    workshop.write(f"{HANDLER}# changed\n")
    second = workshop.build()
    assert second != first
    assert files_of(second)["handler.py"] == f"{HANDLER}# changed\n".encode()
    (workshop.source / "handler.py").rename(workshop.source / "renamed.py")
    assert workshop.build(handler="renamed.lambda_handler") not in {first, second}
    assert workshop.build(PRODUCTION, handler="renamed.lambda_handler").name.startswith("function-python3.14-arm64-")


@pytest.mark.parametrize("harm", ["cut short", "changed", "no digest", "empty digest"])
def test_a_damaged_package_in_the_cache_is_built_again(workshop: Workshop, harm: str) -> None:
    workshop.add("acme", {"acme.py": ""})
    built = workshop.build()
    good = built.read_bytes()
    seal = built.with_name(f"{built.name}.sha256")
    if harm == "cut short":
        built.write_bytes(good[:-30])
    elif harm == "changed":
        built.write_bytes(good.replace(b"handler.py", b"HANDLER.py"))
    elif harm == "no digest":
        seal.unlink()
        built.write_bytes(b"")
    else:
        seal.write_text("")
    assert workshop.build() == built
    assert built.read_bytes() == good


def test_nothing_temporary_is_left_in_the_cache(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    built = workshop.build()
    assert {path.name for path in workshop.cache.iterdir()} == {built.name, f"{built.name}.sha256"}


def test_builds_at_the_same_time_do_not_disturb_each_other(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": "x = 1\n"})
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(workshop.build().read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == 4
    assert len(set(results)) == 1


def test_a_file_is_added_to_the_same_bytes(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": "x = 1\n"})
    plain = workshop.build()
    name, content = "credential-configuration.json", '{"type": "external_account", "ü": 1}'
    first = package.with_file(plain, name=name, content=content)
    again = package.with_file(plain, name=name, content=content)
    other = package.with_file(plain, name=name, content="{}")
    assert first == again
    assert first != other
    assert files_of(first) == {**files_of(plain), name: content.encode()}
    assert list(files_of(first)) == sorted(files_of(first))
    with pytest.raises(PackageError, match="already"):
        package.with_file(first, name=name, content="x")


@pytest.mark.parametrize("target", [PRODUCTION, HOST], ids=str)
def test_a_package_without_a_wheel_for_the_platform_is_named(workshop: Workshop, target: Target) -> None:
    workshop.add("acme", {"acme.py": ""}, tag="cp311-cp311-macosx_11_0_arm64")
    with pytest.raises(PackageError) as refused:
        workshop.build(target)
    text = str(refused.value)
    assert f"acme==1.0 has no wheel for {target}. Pin a version that has one in lambda_src/requirements.in" in text
    assert "\n" not in text
    assert not list(workshop.cache.glob("*"))


def test_the_wheel_of_the_target_is_taken_and_this_machines_is_what_is_imported(workshop: Workshop) -> None:
    for tag in ("aarch64", "x86_64"):
        workshop.add_wheel("acme", {"acme.so.py": tag}, tag=f"cp314-cp314-manylinux_2_28_{tag}")
    here = f"cp{HOST.runtime.removeprefix('python').replace('.', '')}"
    for tag in (f"{here}-{here}-manylinux_2_28_x86_64", f"{here}-{here}-manylinux_2_28_aarch64"):
        workshop.add_wheel("acme", {"acme.py": "HERE = 1\n"}, tag=tag)
    wheels = [f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in workshop.wheels.iterdir()]
    workshop.add_line(f"acme==1.0 {' '.join(wheels)}")
    workshop.write(f"import acme\nacme.HERE\n{HANDLER}")
    assert files_of(workshop.build(PRODUCTION))["acme.so.py"] == b"aarch64"
    on_intel = Target(runtime="python3.14", architecture="x86_64")
    assert files_of(workshop.build(on_intel))["acme.so.py"] == b"x86_64"
    assert workshop.warnings == []


def test_what_has_no_wheel_for_this_machine_is_built_and_not_imported(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.abi3.so": b""}, tag="cp314-abi3-manylinux_2_28_aarch64")
    workshop.write(f"import acme\n{HANDLER}")
    for _ in range(2):
        workshop.build(PRODUCTION)
    (said, again) = workshop.warnings
    assert said == again
    assert "import could not be checked: acme==1.0 has no wheel for Python 3." in said


def test_a_wheel_with_another_hash_is_refused(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": "good = True\n"})
    workshop.add_wheel("acme", {"acme.py": "evil = True\n"}, tag="py3-none-any")
    with pytest.raises(PackageError, match="not the one that the lock's hashes name"):
        workshop.build()


def test_a_record_of_a_file_outside_is_refused(tmp_path: Path) -> None:
    record = tmp_path / "acme-1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("acme.py,,\n")
    assert list(installing.owners(tmp_path)) == [("acme.py", "acme")]
    record.write_text("../acme.py,,\n")
    with pytest.raises(PackageError, match="of acme would lie outside the package"):
        list(installing.owners(tmp_path))


def test_two_packages_with_different_files_of_one_name_are_refused(workshop: Workshop) -> None:
    workshop.add("acme", {"shared/__init__.py": "", "shared/a.py": "1"})
    workshop.add("bolt", {"shared/__init__.py": "", "shared/b.py": "2"})
    assert {"shared/__init__.py", "shared/a.py", "shared/b.py"} <= set(files_of(workshop.build()))
    workshop.add("clash", {"shared/a.py": "3"})
    with pytest.raises(PackageError, match=r"'shared/a\.py' is in two locked packages, of which clash is one"):
        workshop.build()


@pytest.mark.parametrize("line", ["acme>=1.0", "acme==1.0"])
def test_a_lock_without_hashes_is_refused(workshop: Workshop, line: str) -> None:
    workshop.add("acme", {})
    workshop.lock.write_text(line)
    with pytest.raises(PackageError, match=r"the lock isn't pinned with hashes: .*acme.* Run `keyless lock`"):
        workshop.build()


def test_a_marker_of_the_lock_is_read_for_the_target(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    lock = workshop.lock.read_text()
    for version, ships in (("3.14", True), ("3.13", False)):
        workshop.lock.write_text(lock.replace("acme==1.0", f"acme==1.0 ; python_version == '{version}'"))
        assert ("acme.py" in files_of(workshop.build(PRODUCTION))) == ships


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_registry_that_cannot_be_reached_is_told_in_one_line(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    workshop.add("acme", {"acme.py": ""})
    for wheel in workshop.wheels.glob("*.whl"):
        wheel.unlink()
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{closed_port}/simple")
    with pytest.raises(PackageError, match=r"\Athe package registry can't be reached.*refused.*UV_DEFAULT_INDEX.*\Z"):
        workshop.build()


def test_missing_inputs_are_named(workshop: Workshop) -> None:
    with pytest.raises(PackageError, match="there is no lock"):
        package.build(
            target=HOST,
            function=workshop.source,
            library=None,
            lock=workshop.lock.with_name("absent"),
            cache=workshop.cache,
        )
    (workshop.source / "handler.py").unlink()
    with pytest.raises(PackageError, match="sources are missing"):
        workshop.build()
    with pytest.raises(PackageError, match="there is no package"):
        package.with_file(workshop.cache / "absent.zip", name="a", content="")


@pytest.mark.parametrize(
    ("runtime", "architecture"), [("python3.9", "arm64"), ("nodejs22.x", "arm64"), ("python3.14", "riscv64")]
)
def test_an_unknown_target_is_refused_with_those_that_are_known(runtime: str, architecture: str) -> None:
    with pytest.raises(PackageError, match=r"Use one of: (python3\.11, .*python3\.14|arm64, x86_64)\."):
        Target(runtime=runtime, architecture=architecture)


def test_the_cache_keeps_what_was_used_last_and_does_not_grow_for_ever(workshop: Workshop) -> None:
    base = workshop.build(HOST)
    made = [package.with_file(base, name="added", content=str(number)) for number in range(package.KEPT_PACKAGES - 1)]
    assert all(path.exists() for path in [base, *made])
    for path, age in zip(made, itertools.count(1_000_000), strict=False):
        os.utime(path.with_name(path.name + ".sha256"), (age, age))
    assert package.with_file(base, name="added", content="0") == made[0]
    package.with_file(base, name="added", content="one more")
    assert not made[1].exists(), "the one used longest ago stays"
    assert all(path.exists() for path in [base, made[0], *made[2:]])
    assert len(list(workshop.cache.glob("*.zip"))) == package.KEPT_PACKAGES
