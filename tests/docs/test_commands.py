"""What a document shows to type can be typed: targets, modules, and settings that the program takes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import yaml

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.settings.problems import setting_of
from keyless_bigquery.settings.settings import KEYS, Problem, Settings, SettingsError
from keyless_tools.commands import COMMANDS
from tests.components.recording import REQUIRED, declared
from tests.docs.config_lines import lines_of, settings_of
from tests.docs.pages import Page, documents, name_of, page_of, read

GOOD = declared() | REQUIRED
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
LISTS = {key for key, entry in yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"].items() if "items" in entry}


def unknown_targets(page: Page) -> set[str]:
    """The targets that it names and the Makefile lacks."""
    lines = [line for commands in page.commands for line in commands.splitlines()]
    return {target for line in lines for target in re.findall(r"^make ([a-z-]+)", line)} - TARGETS


def unknown_modules(page: Page) -> set[str]:
    """The modules that it has Python run, and that don't exist."""
    named = {module for commands in page.commands for module in re.findall(r"python3? -m ([\w.]+)", commands)}
    return {module for module in named if not _can_run(module)}


def unknown_commands(page: Page) -> set[str]:
    """What it names as a command of ``keyless``, and is none."""
    called = r"(?:^|&& )(?:python -m keyless_tools|keyless) ([a-z][a-z-]*)"
    lines = [line for commands in page.commands for line in commands.splitlines()]
    return {name for line in lines for name in re.findall(called, line)} - {command.name for command in COMMANDS}


def _can_run(module: str) -> bool:
    found = _spec(module)
    if found is not None and found.submodule_search_locations is not None:
        return _spec(f"{module}.__main__") is not None
    return found is not None and found.origin is not None and "__main__" in Path(found.origin).read_text()


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None


def bad_settings(page: Page) -> Iterator[str]:
    """What is wrong with the settings that each block of commands makes, next to the defaults.

    A command in the text may be one of several that are needed, so by itself it must only be right as far as it goes.
    """
    for commands in page.commands:
        lines = list(lines_of(commands))
        named = {setting_of(key) for key, _, _ in lines}
        yield from (f"there is no setting {key}" for key in sorted(named - set(KEYS)))
        yield from (f"{key} is a list: it needs --path" for key, _, is_path in lines if key in LISTS and not is_path)
        for problem in problems(settings_of(commands)) if lines else ():
            if "\n" in commands or setting_of(problem.key) in named:
                yield str(problem)


def problems(given: Mapping[str, str]) -> tuple[Problem, ...]:
    """What the program says of these settings next to the defaults."""
    try:
        Settings.read(GOOD | dict(given), stack="dev")
    except SettingsError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_command_in_a_document_can_be_typed(document: Path) -> None:
    assert unknown_targets(read(document)) == set()
    assert unknown_modules(read(document)) == set()
    assert unknown_commands(read(document)) == set()


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_setting_that_a_document_tells_to_set_is_taken_by_the_program(document: Path) -> None:
    assert list(bad_settings(read(document))) == []


def test_the_readme_tells_to_set_something() -> None:
    assert [key for commands in read(ROOT / "README.md").commands for key, _, _ in lines_of(commands)]


@pytest.mark.parametrize(
    ("commands", "problem"),
    [
        ("pulumi config set googleProjet my-project", "there is no setting googleProjet"),
        ("pulumi config set memoryMb 1", "memoryMb is '1'"),
        ("pulumi config set subnetIds subnet-0123456789abcdef0", "subnetIds is a list: it needs --path"),
        ("pulumi config set --path 'readers[0].tabelId' x", "readers[0].tabelId is 'x'"),
        ("pulumi config set pool existing\n", "providerName is not set"),
        ("make doctor && pulumi -s prod config set logLevel loud", "logLevel is 'loud'"),
    ],
)
def test_a_setting_that_the_program_would_refuse_is_found(commands: str, problem: str) -> None:
    block = page_of(f"```\n{commands}\n```\n", path=ROOT / "page.md")
    assert any(found.startswith(problem) for found in bad_settings(block)), list(bad_settings(block))


def test_lines_of_one_block_are_taken_together_and_placeholders_left_out() -> None:
    block = """
    pulumi config set pool existing --stack prod          # another team's
    pulumi config set googleProject YOUR_PROJECT_ID
    pulumi config set --path 'readers[0].name' users && pulumi config set --path 'readers[0].memoryMb' 1024
    pulumi config set --path 'readers[1].name' orders
    """
    assert settings_of(block) == {
        "pool": "existing",
        "readers": '[{"name": "users", "memoryMb": 1024}, {"name": "orders"}]',
    }


def test_a_target_a_module_and_a_command_that_are_not_there_are_found() -> None:
    named = (
        "`make tea`, `python -m tools.tea`, `python -m keyless_bigquery.trust`, `python -m pytest`, `keyless tea dev`"
    )
    page = page_of(f"{named}, `keyless recover dev` and `keyless` itself\n", path=ROOT / "page.md")
    assert unknown_targets(page) == {"tea"}
    assert unknown_modules(page) == {"tools.tea", "keyless_bigquery.trust"}
    assert unknown_commands(page) == {"tea"}
