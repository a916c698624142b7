"""The garbage collector during the imports, and after them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from keyless_bigquery.runtime.start import without_collecting


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_nothing_is_collected_during_the_imports_and_everything_may_be_afterwards() -> None:
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_whoever_collects_nothing_goes_on_so() -> None:
    gc.disable()
    with without_collecting():
        pass
    assert not gc.isenabled()


def test_imports_that_fail_leave_it_as_it_was() -> None:
    with pytest.raises(ImportError), without_collecting():
        raise ImportError
    assert gc.isenabled()
