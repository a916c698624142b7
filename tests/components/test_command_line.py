"""Whatever a value holds, a command that is printed to be pasted is that command, with that value, and no other."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from federation_emulator.client import use
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.terminal import guidance
from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings.problems import Values
from keyless_tools.doctor import fixes
from keyless_tools.lifecycle import destroy, network_interfaces
from keyless_tools.lifecycle.imports import Importable
from tests import hostile

HOSTILE = (
    *(
        "; rm -rf ~",
        "$(id)",
        "`id`",
        "a\nid",
        "a\r\nid",
        "'",
        "'; id; '",
        '"',
        '" && id && "',
        "\\",
        "-rf",
        "--stack=other",
    ),
    *("*", "~", "!!", "#", "a b", "", "$HOME", "a&b|c>d<e", "{a,b}", "a\u2028b", "\x1b[2J", "日本"),
)
BUILDERS: dict[str, Callable[[str], str]] = {
    "a command with gaps": lambda value: fixes.command("a {b} --c={d} && e {b}", value, b=value, d=value),
    "up": fixes.up,
    "deploy": fixes.deploy,
    "make the function again": lambda value: fixes.make_function_again(value, function=value, region=value),
    "enable services": lambda value: fixes.enable_services({value: [value, value], "b": [value]}),
    "pool": lambda value: fixes.pool("update", f"--x={value}", pool_id=value, project=value),
    "provider": lambda value: fixes.provider(
        "update-aws", f"--x={value}", provider_id=value, pool_id=value, project=value
    ),
    "bring a table back": fixes.bring_table_back,
    "select columns": lambda value: fixes.select_columns(value, [value, value]),
    "show interfaces": lambda value: network_interfaces.show(in_network(value)),
    "delete interfaces": lambda value: network_interfaces.delete(in_network(value)),
    "take out of a network": lambda value: network_interfaces.take_out(in_network(value)),
    "import": lambda value: command_line("pulumi", *imported(value).command()),
}
"""Everything that makes a command of values, by what it does."""


def in_network(value: str) -> network_interfaces.Networked:
    return network_interfaces.Networked(name=value, region=value, subnets=(value,), published=False)


def imported(value: str) -> Importable:
    return Importable(urn=f"urn::{value}", type=value, import_id=value, parent=value, provider=value)


def words_of(command: str) -> list[list[str]]:
    """The words of each command of a line, as a POSIX shell reads them: quoted operators are none."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if word == "&&":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_a_value_stays_one_word_of_the_command(builder: str, value: str) -> None:
    build = BUILDERS[builder]
    # As many words, in as many commands, as with a harmless value, and the value in the same places.
    expected = [[word.replace("VALUE", one_line(value)) for word in words] for words in words_of(build("VALUE"))]
    line = build(value)
    assert "\n" not in line
    if value not in {"", "&&"}:
        assert words_of(line) == expected


@settings(max_examples=30, deadline=None)
@given(value=hostile.texts)
@example(value=" ".join(HOSTILE).replace("\n", " "))
def test_a_real_shell_gets_exactly_these_words(value: str) -> None:
    value = value.replace("\0", "")
    line = command_line("printf", r"%s\0", value, f"--x={value}", "")
    done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=10, check=True)
    assert done.stdout.decode().split("\0") == [one_line(value), f"--x={one_line(value)}", "", ""]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_what_is_printed_to_be_pasted_is_quoted_too(value: str) -> None:
    told = destroy.explanation(value, [])
    commands = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    assert [shlex.split(line)[-1] for line in commands] == [one_line(value)] * 4
    key = Values({}, stack="s", path=f"readers[0].{value}")
    key.text("x", lambda _: None)
    (problem,) = key.problems
    (_, _, command) = problem.fix.rpartition("Set it with: ")
    assert shlex.split(one_line(command))[-2:] == [one_line(f"readers[0].{value}x"), "VALUE"]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_lines_for_a_shells_eval_set_exactly_these_values(value: str, tmp_path: Path) -> None:
    script = use.exports({"ONE": value, "TWO": "b"}) + 'printf "%s\\0%s" "$ONE" "$TWO"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, timeout=10, check=True, cwd=tmp_path)
    assert done.stdout.decode() == f"{one_line(value)}\0b"


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_the_line_to_come_as_a_role_is_one_command(value: str) -> None:
    endpoints = Endpoints(
        google_url="g", aws_url="a", bigquery_url="", project_id="p", project_number="1", aws_account_id="1",
        aws_region="r", deployer_token="",
    )  # fmt: skip
    told = guidance(Path("folder"), endpoints, roles=[value])
    (line,) = [line for line in told.splitlines() if line.startswith('  eval "$(')]
    inner = line.removeprefix('  eval "$(').removesuffix(')"')
    assert shlex.split(inner)[1:] == ["-m", "federation_emulator", "use", one_line(value), "--state", "folder"]
