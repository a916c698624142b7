"""Rules that the settings and the function share: proxies' addresses, and names of columns."""

from __future__ import annotations

import pytest

from keyless_bigquery.runtime import environment, forms
from keyless_bigquery.runtime.errors import ConfigurationError

PROXIES = {
    **dict.fromkeys(("http://proxy.example:3128", "proxy.example:3128", "https://proxy.example:443", "http://p"), True),
    **dict.fromkeys(
        ("http://user:planted%40@proxy.example:3128", "HTTP://proxy.example:80/", "http://[::1]:3128"), True
    ),
    **dict.fromkeys((" http://proxy.example:3128", "http://proxy.example:3128\n", "http://proxy.example:port"), False),
    **dict.fromkeys(
        ("http://", "http://:3128", "socks5://proxy.example:1080", "http://us@er:planted@p:1", "://p"), False
    ),
    **dict.fromkeys(
        ("http://proxy.example:99999", "http://user:pl/anted@proxy:1", "http://[::1", "http//proxy:1"), False
    ),
}


@pytest.mark.parametrize(("value", "good"), PROXIES.items())
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_none_is_refused_without_its_value(name: str, value: str, good: bool) -> None:
    if good:
        environment.require_proxy({name: value}, "https", value)
        return
    with pytest.raises(ConfigurationError) as refused:
        environment.require_proxy({name: value}, "https", value)
    assert f"environment variable {name} is invalid: it is " in str(refused.value)
    assert "planted" not in str(refused.value)
    assert not {"us@er", "pl/anted"} & set(str(refused.value).split())


RESERVED = (
    *("_TABLE_x", "_table_", "_FILE_NAME", "_file_x", "_PARTITION", "_PARTITIONTIME", "_PARTITION_key", "_partitioned"),
    *(
        "_ROW_TIMESTAMP",
        "__ROOT__x",
        "__root__",
        "_COLIDENTIFIER_1",
        "_CHANGE_SEQUENCE_NUMBER",
        "_CHANGE_TYPE",
        "_Change_Timestamp",
    ),
)


@pytest.mark.parametrize("name", RESERVED)
def test_a_column_that_bigquery_does_not_make_is_refused_in_whatever_case(name: str) -> None:
    wrong = forms.column_name(name)
    assert wrong is not None
    assert "BigQuery takes no column whose name begins with _" in wrong[0]


@pytest.mark.parametrize(
    "name", ["_TABLE", "_FILES", "TABLE_", "PARTITIONTIME", "_ROW", "__ROOT", "_CHANGE", "_COL", "__TABLE_"]
)
def test_a_name_that_only_looks_like_it_is_a_columns(name: str) -> None:
    assert forms.column_name(name) is None
