"""What ships of a lock: what only the library uses is trimmed; what the user names ships with what it requires."""

from __future__ import annotations

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.packaging import lock
from keyless_bigquery.packaging.contents import Contents, Selection, select

LOCK = (ROOT / "lambda_src" / "requirements.txt").read_text()


def selection(*named: str, added: str = "") -> Selection:
    """Of the shipped lock, with packages that the user's requirements.in names."""
    text = LOCK + added
    for name in named:
        start = text.index(f"\n{name}==")
        via = text.index("    # via", start)
        text = text[:via] + "    # via\n    #   -r lambda_src/requirements.in\n" + text[via:]
    return select(lock.read(text), Contents.SLIM)


DEFAULT = selection()


def test_a_lock_is_read_with_what_each_package_is_there_for() -> None:
    read = lock.read(
        "# by uv\n"
        "--index-url https://example.com\n"
        "Acme_Tools[extra]==1.0 ; python_version < '3.13' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n"
        "    # via\n    #   -c other.txt\n    #   -r lambda_src/requirements.in\n    #   bolt[x]\n"
        "bolt==2.0 --hash=sha256:02\n    # via -r lambda_src/../keyless_bigquery/runtime/requirements.in\n"
        "crank==3.0 --hash=sha256:03\n"
    )
    assert [(entry.name, entry.needed_by) for entry in read] == [
        ("", frozenset()),
        ("acme-tools", {lock.USER, "bolt"}),
        ("bolt", {lock.LIBRARY}),
        ("crank", frozenset()),
    ]
    assert read[1].text.count("--hash") == 2
    assert "#" not in read[1].text


@pytest.mark.parametrize(
    ("named", "ships"),
    [
        ("cryptography", {"cryptography", "cffi", "pycparser"}),
        ("google-resumable-media", {"google-resumable-media", "google-crc32c"}),
        ("requests", {"idna", "charset-normalizer"}),
        ("protobuf", {"protobuf"}),
        ("google-auth", {"cryptography", "cffi", "pycparser", "pyasn1", "pyasn1-modules"}),
        ("python-dateutil", set()),
    ],
)
def test_what_the_user_names_ships_whole_with_what_it_requires(named: str, ships: set[str]) -> None:
    chosen = selection(named)
    assert DEFAULT.omitted - chosen.omitted == ships
    assert named not in chosen.trimmed
    assert not ships & chosen.trimmed


def test_what_a_package_of_the_users_requires_ships_whole() -> None:
    pandas = "pandas==3.0 --hash=sha256:00\n    # via -r lambda_src/requirements.in\n"
    required = LOCK.replace("    # via google-cloud-bigquery\nrequests==", "    # via\n    #   google-cloud-bigquery\n"
                            "    #   pandas\nrequests==")  # fmt: skip
    assert required != LOCK
    chosen = select(lock.read(required + pandas), Contents.SLIM)
    assert not DEFAULT.ships("dateutil/parser/__init__.py", distribution="python-dateutil")
    assert chosen.ships("dateutil/parser/__init__.py", distribution="python-dateutil")
    assert chosen.ships("pandas/tests/a.py", distribution="pandas")
    assert chosen.omitted == DEFAULT.omitted


def test_a_lock_that_does_not_say_what_packages_are_for_ships_whole() -> None:
    bare = "\n".join(line for line in LOCK.splitlines() if not line.lstrip().startswith("#"))
    assert select(lock.read(bare), Contents.SLIM) == Selection(omitted=frozenset(), trimmed=frozenset())
    assert select(lock.read(LOCK), Contents.FULL) == Selection(omitted=frozenset(), trimmed=frozenset())


@pytest.mark.parametrize("path", ["a-1.0.dist-info/RECORD", "a-1.0.dist-info/direct_url.json", "a/__pycache__/b.pyc"])
def test_what_an_installer_writes_never_ships(path: str) -> None:
    for chosen in (DEFAULT, select(lock.read(LOCK), Contents.FULL)):
        assert not chosen.ships(path, distribution="a")
        assert chosen.ships("a-1.0.dist-info/METADATA", distribution="a")
