"""What random statements are made of: names, literals, comments, functions. Many are chosen to be read in two ways."""

from __future__ import annotations

from typing import Any

from tests.emulator.google_server import PROJECT, SECOND_PROJECT

TABLES = (
    "shop.orders", "shop.day_1", "shop.`order`", "shop.order", "shop.tablé", "shop.`a b`", "vault.secret",
    "vault.orders", "`vault.day_2`", "`shop`.`secret`", "vault . secret", "Shop.orders", "shop.ORDERS",
    "shop.seen", "shop.seen_twice", "shop.abroad", "shop.abroad_twice", "vault.`tablé`", "shop.`day_2`",
    *(
        spelling
        for project in (PROJECT, SECOND_PROJECT)
        for spelling in (
            f"`{project}.shop.orders`", f"`{project}`.vault.secret", f"{project}.shop.secret",
            f"`{project}`.`shop`.`a b`", f"`{project}.shop.seen`", f"`{project}.shop.abroad_twice`",
            f"`{project}.vault`.orders", f"`{project}.vault.tablé`",
        )
    ),
)  # fmt: skip
"""Ways of naming a table: of either project, in backticks or not; a few name none."""

BARE = ("orders", "secret", "`order`", "day_1", "tablé", "`a b`", "seen")
"""Names that belong to the default dataset, if there is one."""

WILDCARDS = ("`shop.day_*`", f"`{SECOND_PROJECT}.vault.day_*`", "`vault`.`day_*`", f"`{PROJECT}.shop.d*`")

NAMES = (
    "a", "b", "orders", "secret", "shop", "vault", "word", "id", "`select`", "`order`", "`a b`", "tablé", "Orders",
    "`local-keyless`", "x", "seen", "`from`", "value", "`shop_orders`", "`group`",
    "kpp0", "kpq0", "t", "\u017f", "day_1",
)  # fmt: skip
"""Aliases, also those that are names of something else, or keywords."""

TEXTS = (
    "", "x", "it's", '"', "''", '""', "\\", "\\'", "\\\\", "--", "/*", "*/", "#", ";", "$$", "@x", "@@x", "?", "`",
    "\n", "\r\n", "\t", "%", "_", "{}", "$1", ":a", "\u2018", "\u2019", "\u201c", "\u2028", "\u202e", "\ufeff", "\x85",
    "é", "😀", "NULL", "' || (SELECT word FROM vault.secret) || '", "') --", "kpl0", "kpp0", "b'kpl0'",
    "FROM vault.secret", "INFORMATION_SCHEMA.TABLES", "BIGNUMERIC '1'", "NUMERIC ", "RANGE_SESSIONIZE(TABLE x, ",
    "_PARTITIONTIME", "$$ AS x, (SELECT word FROM vault.secret) AS y --", "SESSION_USER()", "\\x41", "\\u0041",
    "SELECT 1; SELECT 2", "a.b.c", "$.a", '$."a b"', "e'\\''", "x'41'", "JOIN vault.secret ON TRUE",
)  # fmt: skip
"""Texts for strings, names of options, and parameters."""

COMMENTS = (
    "/* c */", "/**/", "/* ' */", "/* -- */", "/* /* */", "/* \" ` */", "-- c\n", "-- '\n", "# \"\n", "#\n", "--\n",
    "/* */ -- */\n", "/*\n*/", "--/*\n", "# $$ ' FROM vault.secret\n", "/*+ hint */", "\n", "\t", "  ", "\r\n",
    "\u00a0", "\u200b",
)  # fmt: skip

STRING_FUNCTIONS = (
    "UPPER({s})", "CONCAT({s}, {s})", "SUBSTR({s}, {i})", "SUBSTR({s}, 1, 3)", "REPLACE({s}, {s}, {s})", "TRIM({s})",
    "LPAD({s}, 20, 'x')", "REVERSE({s})", "COALESCE({s}, {s})", "IFNULL({s}, {s})", "NULLIF({s}, {s})",
    "IF({b}, {s}, {s})", "CAST({i} AS STRING)", "SAFE_CAST({s} AS STRING)", "FORMAT('%s-%d', {s}, {i})",
    "SAFE.SUBSTR({s}, 1)", "TO_JSON_STRING({s})", "JSON_VALUE('{{\"a\": \"b\"}}', '$.a')", "COLLATE({s}, 'und:ci')",
    "REGEXP_REPLACE({s}, 'a', {s})", "REGEXP_EXTRACT({s}, 'w.*')", "SPLIT({s}, ',')[SAFE_OFFSET(0)]",
    "ARRAY_TO_STRING([{s}, {s}], ',')", "(SELECT STRING_AGG(x) FROM UNNEST([{s}, {s}]) AS x)", "TO_HEX(MD5({s}))",
    "FORMAT_DATE('%Y', DATE '2024-01-02')", "CAST(CURRENT_DATE() AS STRING)", "TO_BASE64(CAST({s} AS BYTES))",
    "STRUCT({s} AS word, {i} AS id).word", "[{s}, {s}][OFFSET(0)]", "CASE {i} WHEN 1 THEN {s} ELSE {s} END",
    "CASE WHEN {b} THEN {s} END", "GREATEST({s}, {s})", "SOUNDEX({s})", "INITCAP({s})", "NORMALIZE({s}, NFC)",
    "{s} || {s}", "JSON_QUERY(PARSE_JSON('[1]'), '$[0]')", "STRING(TIMESTAMP '2024-01-02 03:04:05+00')",
    "SAFE_CONVERT_BYTES_TO_STRING(b'a')", "TRANSLATE({s}, 'a', 'b')", "LEFT({s}, 2)", "CHR(65)", "REPEAT({s}, 2)",
    "CAST({s} AS STRING FORMAT 'x')", "FROM_BASE64(TO_BASE64(b'a'))", "ARRAY_REVERSE([{s}])[SAFE_ORDINAL(1)]",
    "(SELECT AS STRUCT {s} AS word).word", "SUBSTR({s}, position => 1)", "CONCAT({s}, `b` => {s})",
)  # fmt: skip

INT_FUNCTIONS = (
    "{i} + {i}", "{i} - {i}", "{i} * 2", "-({i})", "MOD({i}, 7)", "DIV({i}, 3)", "ABS({i})", "LENGTH({s})",
    "STRPOS({s}, {s})", "CAST('1' AS INT64)", "SAFE_CAST({s} AS INT64)", "EXTRACT(YEAR FROM DATE '2024-01-02')",
    "EXTRACT(WEEK(MONDAY) FROM DATE '2024-01-02')", "DATE_DIFF(DATE '2024-01-02', DATE '2023-01-02', DAY)",
    "UNIX_DATE(DATE_ADD(DATE '2024-01-02', INTERVAL {i} DAY))", "ARRAY_LENGTH([{i}, {i}])", "IF({b}, {i}, {i})",
    "GENERATE_ARRAY(1, 3)[OFFSET(1)]", "{i} & 3", "~{i}", "{i} << 1", "BIT_COUNT({i})", "COALESCE(NULL, {i})",
    "(SELECT COUNT(*) FROM UNNEST([{i}]))", "BYTE_LENGTH({s})", "FARM_FINGERPRINT({s})", "SAFE_DIVIDE({i}, 0)",
    "CAST(ROUND(2.5) AS INT64)", "ASCII({s})", "0x1F", "INT64 '1'", "SIGN({i})", "CAST({b} AS INT64)",
    "UNIX_SECONDS(TIMESTAMP_TRUNC(TIMESTAMP '2024-01-02 03:04:05+00', HOUR))", "INSTR({s}, 'a')",
    "LAX_INT64(JSON '1')", "ARRAY(SELECT {i})[SAFE_OFFSET(0)]",
)  # fmt: skip

BOOL_FUNCTIONS = (
    "{i} = {i}", "{s} = {s}", "{s} != {s}", "{i} < {i}", "{s} LIKE {s}", "{s} NOT LIKE 'a%'", "{i} IN (1, {i})",
    "{s} IN UNNEST([{s}])", "{i} BETWEEN 0 AND {i}", "{s} IS NULL", "{s} IS NOT NULL", "NOT {b}", "{b} AND {b}",
    "{b} OR {b}", "TRUE", "STARTS_WITH({s}, {s})", "REGEXP_CONTAINS({s}, 'w')", "{i} IS DISTINCT FROM {i}", "FALSE",
    "CONTAINS_SUBSTR({s}, 'a')", "ENDS_WITH({s}, {s})", "({i}, {s}) = (1, 'a')", "{b} IS TRUE", "1 <> {i}",
    f"{{i}} IN ({', '.join(map(str, range(120)))})", "{s} IN ('x', " + ", ".join(["'kpl0'"] * 110) + ")",
)  # fmt: skip

AGGREGATES = (
    "MAX({s})", "MIN({s})", "STRING_AGG({s}, ',')", "ANY_VALUE({s})", "STRING_AGG(DISTINCT {s})",
    "STRING_AGG({s}, '-' ORDER BY {i} LIMIT 2)", "ARRAY_AGG({s} IGNORE NULLS ORDER BY {i})[SAFE_OFFSET(0)]",
    "ARRAY_TO_STRING(ARRAY_AGG(DISTINCT {s}), ',')", "ANY_VALUE({s} HAVING MAX {i})", "CAST(SUM({i}) AS STRING)",
    "CAST(COUNTIF({b}) AS STRING)", "CAST(APPROX_COUNT_DISTINCT({s}) AS STRING)", "TO_JSON_STRING(ARRAY_AGG({s}))",
    "CAST(LOGICAL_OR({b}) AS STRING)", "CAST(COUNT(*) AS STRING)", "CAST(AVG({i}) AS STRING)",
)  # fmt: skip

WINDOWS = (
    "LAG({s}) OVER (ORDER BY {i})", "FIRST_VALUE({s}) OVER (PARTITION BY {s} ORDER BY {i})",
    "CAST(ROW_NUMBER() OVER (ORDER BY {i} DESC) AS STRING)", "MAX({s}) OVER ()", "CAST(RANK() OVER w AS STRING)",
    "LAST_VALUE({s}) OVER (ORDER BY {i} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "NTH_VALUE({s}, 2) OVER (w)", "LEAD({s}, 1, {s}) OVER (ORDER BY {i})", "CAST(NTILE(2) OVER w AS STRING)",
)  # fmt: skip

SCALARS: tuple[tuple[str, Any], ...] = (
    ("STRING", "x"), ("STRING", None), ("INT64", "7"), ("FLOAT64", "NaN"), ("FLOAT64", "1.5"), ("BOOL", "true"),
    ("BYTES", "J1wt"), ("DATE", "2024-01-02"), ("DATETIME", "2024-01-02T03:04:05"), ("TIME", "03:04:05"),
    ("TIMESTAMP", "2024-01-02 03:04:05+00"), ("NUMERIC", "1.25"), ("BIGNUMERIC", "1.25"), ("JSON", '{"a": "\'"}'),
)  # fmt: skip
"""Types and values of parameters."""
