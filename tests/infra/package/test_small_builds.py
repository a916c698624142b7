"""The builder's rules, on wheels made here: no registry is asked."""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from infra import package
from infra.package import PackageError, Target
from tests.infra.package.workshop import HOST, Workshop, files_of

PRODUCTION = Target(runtime="python3.14", architecture="arm64")


def test_a_wheels_files_lie_where_they_are_imported_from(workshop: Workshop) -> None:
    workshop.add(
        "acme",
        {
            "acme/__init__.py": "x = 1\n",
            "acme-1.0.data/purelib/beside.py": "y = 2\n",
            "acme-1.0.data/scripts/acme": "#!/bin/sh\n",
        },
    )
    assert files_of(workshop.build()) == {
        "acme/__init__.py": b"x = 1\n",
        "acme-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "beside.py": b"y = 2\n",
        "handler.py": b"print('hello')\n",
    }


def test_only_python_sources_ship(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    (workshop.source / "requirements.txt").write_text("secret plans")
    (workshop.source / "__pycache__").mkdir()
    (workshop.source / "__pycache__" / "handler.cpython-314.pyc").write_bytes(b"x")
    assert {name for name in files_of(workshop.build()) if name == "handler.py"} == {"handler.py"}


def test_what_changes_the_package_gives_it_another_name(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    first = workshop.build()
    assert workshop.build() == first
    (workshop.source / "handler.py").write_text("print('changed')\n")
    second = workshop.build()
    assert second != first
    assert files_of(second)["handler.py"] == b"print('changed')\n"
    (workshop.source / "handler.py").rename(workshop.source / "renamed.py")
    assert workshop.build() not in {first, second}
    assert workshop.build(PRODUCTION).name.startswith("function-python3.14-arm64-")


@pytest.mark.parametrize("harm", ["cut short", "changed", "no digest", "empty digest"])
def test_a_damaged_package_in_the_cache_is_built_again(workshop: Workshop, harm: str) -> None:
    workshop.add("acme", {"acme.py": ""})
    built = workshop.build()
    good = built.read_bytes()
    seal = built.with_name(f"{built.name}.sha256")
    if harm == "cut short":
        built.write_bytes(good[:-30])
    elif harm == "changed":
        built.write_bytes(good.replace(b"hello", b"HELLO"))
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
    first = package.with_file(plain, name=name, content=content, cache=workshop.cache)
    again = package.with_file(plain, name=name, content=content, cache=workshop.cache)
    other = package.with_file(plain, name=name, content="{}", cache=workshop.cache)
    assert first == again
    assert first != other
    assert files_of(first) == {**files_of(plain), name: content.encode()}
    assert list(files_of(first)) == sorted(files_of(first))
    with pytest.raises(PackageError, match="already"):
        package.with_file(first, name=name, content="x", cache=workshop.cache)


@pytest.mark.parametrize("target", [PRODUCTION, HOST], ids=str)
def test_a_package_without_a_wheel_for_the_platform_is_named(workshop: Workshop, target: Target) -> None:
    workshop.add("acme", {"acme.py": ""}, tag="cp311-cp311-macosx_11_0_arm64")
    with pytest.raises(PackageError) as refused:
        workshop.build(target)
    text = str(refused.value)
    assert "acme==1.0 has no wheel for" in text
    assert str(target) in text
    assert target.platform_tags[0] in text
    assert "\n" not in text
    assert not list(workshop.cache.glob("*"))


def test_the_wheel_of_the_target_is_taken_and_not_the_hosts(workshop: Workshop) -> None:
    elf = b"\x7fELF" + bytes(14)
    library = "acme.cpython-314-{}-linux-gnu.so"
    for machine, number in (("aarch64", 183), ("x86_64", 62)):
        workshop.add_wheel(
            "acme",
            {library.format(machine): elf + number.to_bytes(2, "little")},
            tag=f"cp314-cp314-manylinux_2_28_{machine}",
        )
    hashes = " ".join(
        f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in workshop.wheels.glob("*.whl")
    )
    workshop.add_line(f"acme==1.0 {hashes}")
    assert library.format("aarch64") in files_of(workshop.build(PRODUCTION))
    on_intel = Target(runtime="python3.14", architecture="x86_64")
    assert library.format("x86_64") in files_of(workshop.build(on_intel))


def test_a_wheel_that_lies_about_its_platform_is_refused(workshop: Workshop) -> None:
    intel = b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little")
    workshop.add("acme", {"acme.abi3.so": intel}, tag="cp314-cp314-manylinux_2_28_aarch64")
    with pytest.raises(PackageError, match=r"acme\.abi3\.so.*ELF machine 62"):
        workshop.build(PRODUCTION)
    assert not list(workshop.cache.glob("*"))


def test_a_wheel_with_another_hash_is_refused(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": "good = True\n"})
    workshop.add_wheel("acme", {"acme.py": "evil = True\n"}, tag="py3-none-any")
    with pytest.raises(PackageError, match="not the one that the lock's hashes name"):
        workshop.build()


def test_a_wheel_that_would_write_outside_is_refused(workshop: Workshop) -> None:
    workshop.add("acme", {"../acme.py": ""})
    with pytest.raises(PackageError, match="outside the package"):
        workshop.build()


def test_two_packages_with_different_files_of_one_name_are_refused(workshop: Workshop) -> None:
    workshop.add("acme", {"shared/__init__.py": "", "shared/a.py": "1"})
    workshop.add("bolt", {"shared/__init__.py": "", "shared/b.py": "2"})
    assert {"shared/__init__.py", "shared/a.py", "shared/b.py"} <= set(files_of(workshop.build()))
    workshop.add("clash", {"shared/a.py": "3"})
    with pytest.raises(PackageError, match=r"'shared/a\.py' is in the package twice"):
        workshop.build()


def test_a_stand_in_ships_only_where_its_package_is_locked(workshop: Workshop) -> None:
    workshop.add("acme", {"acme.py": ""})
    assert not [name for name in files_of(workshop.build()) if "protobuf" in name or name == "not_shipped.py"]
    workshop.add("protobuf", {"google/protobuf/__init__.py": "real = True\n", "google/protobuf/message.py": ""})
    content = files_of(workshop.build())
    assert "google/protobuf/message.py" not in content
    assert b"Stand-in" in content["google/protobuf/__init__.py"]
    assert "not_shipped.py" in content
    assert "cryptography/__init__.py" not in content


def test_an_entry_about_files_that_are_no_more_is_refused(workshop: Workshop) -> None:
    workshop.add("urllib3", {"urllib3/__init__.py": "", "urllib3/http2/connection.py": ""})
    with pytest.raises(PackageError, match=r"contents\.py leaves out 'urllib3/contrib/.*: urllib3 has no such file"):
        workshop.build()
    workshop.lock.write_text("")
    workshop.add("urllib3", {"urllib3/contrib/socks.py": "", "urllib3/http2/connection.py": ""})
    assert "urllib3/contrib/socks.py" not in files_of(workshop.build())


def test_an_entry_about_a_package_that_is_no_longer_needed_is_refused(workshop: Workshop) -> None:
    workshop.add("requests", {"requests.py": ""})
    workshop.add("idna", {"idna/__init__.py": ""})
    with pytest.raises(PackageError, match="'charset-normalizer': requests is locked, and no longer needs it"):
        workshop.build()
    workshop.add("charset-normalizer", {"charset_normalizer/__init__.py": "real = True\n"})
    assert b"Stand-in" in files_of(workshop.build())["charset_normalizer.py"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("acme>=1.0", "not NAME==VERSION with hashes"),
        ("acme==1.0", "not NAME==VERSION with hashes"),
        ("acme==1.0 ; python_version < '3.13' --hash=sha256:00", "ask that of this machine"),
        ("acme==1.0 ; sys_platform == 'win32' --hash=sha256:00", "ask that of this machine"),
    ],
)
def test_a_lock_that_pip_would_read_for_this_machine_is_refused(workshop: Workshop, line: str, says: str) -> None:
    workshop.add_line(line)
    with pytest.raises(PackageError, match=says):
        workshop.build()


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
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed_port}/simple")
    with pytest.raises(PackageError, match=r"\Athe package registry can't be reached \(\w+\).*\Z"):
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
        package.with_file(workshop.cache / "absent.zip", name="a", content="", cache=workshop.cache)


@pytest.mark.parametrize(
    ("runtime", "architecture"), [("python3.9", "arm64"), ("nodejs22.x", "arm64"), ("python3.14", "riscv64")]
)
def test_an_unknown_target_is_refused_with_those_that_are_known(runtime: str, architecture: str) -> None:
    with pytest.raises(PackageError, match=r"Use one of: (python3\.11, .*python3\.14|arm64, x86_64)\."):
        Target(runtime=runtime, architecture=architecture)


def test_the_cache_keeps_what_was_used_last_and_does_not_grow_for_ever(workshop: Workshop) -> None:
    base = workshop.build(HOST)
    made = [
        package.with_file(base, name="added", content=str(number), cache=workshop.cache)
        for number in range(package.KEPT_PACKAGES - 1)
    ]
    assert all(path.exists() for path in [base, *made])
    for path, age in zip(made, itertools.count(1_000_000), strict=False):
        os.utime(path.with_name(path.name + ".sha256"), (age, age))
    assert package.with_file(base, name="added", content="0", cache=workshop.cache) == made[0]
    package.with_file(base, name="added", content="one more", cache=workshop.cache)
    assert not made[1].exists(), "the one used longest ago stays"
    assert all(path.exists() for path in [base, made[0], *made[2:]])
    assert len(list(workshop.cache.glob("*.zip"))) == package.KEPT_PACKAGES
