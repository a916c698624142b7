"""What a statement's tree may consist of: BigQuery's grammar as far as it is offered. An allow-list.

The parser knows the grammars of thirty databases, and a node of another one's may be written for DuckDB as something
that reads files, settings or other tables. So a node is known here, or the statement is refused.

Sources: Google, "Query syntax", "Data manipulation language (DML) statements in GoogleSQL", "Data definition language
(DDL) statements in GoogleSQL", "Operators", "Functions, operators, and conditionals" (the list of functions).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.lexing import without_markers

if TYPE_CHECKING:
    from sqlglot import exp


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


_SYNTAX = _names(
    # Queries
    "Select Union Intersect Except Subquery CTE With From Join Lateral Where Group Having Qualify Window WindowSpec",
    "Order Ordered Limit Offset Distinct Star Tuple Values Table TableAlias TableSample Pivot PivotAlias Rollup Cube",
    "GroupingSets UnpivotColumns Hint TableFromRows",
    # Expressions
    "Column TableColumn Identifier Alias Aliases Literal Boolean Null RawString ByteString HexString National",
    "UnicodeString Paren Bracket Slice Dot Var Parameter Interval IntervalSpan DataType DataTypeParam",
    "PropertyEQ Kwarg Lambda JSONKeyValue IgnoreNulls RespectNulls HavingMax Filter WithinGroup AtTimeZone",
    "JSONPath JSONPathRoot JSONPathKey JSONPathSubscript WeekStart PseudoType JSON",
    # Operators
    "Add Sub Mul Div Neg BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift DPipe Mod",
    "EQ NEQ GT GTE LT LTE Between In Is Like Escape Not Any All NullSafeEQ NullSafeNEQ IntDiv",
    # Statements that change something
    "Insert Update Delete Merge Whens When TruncateTable Create Drop Alter AlterColumn Schema ColumnDef",
    "ColumnConstraint NotNullColumnConstraint DefaultColumnConstraint Constraint Properties Property LikeProperty",
    "PartitionedByProperty PartitionByRangeProperty SchemaCommentProperty Cluster ClusterProperty LocationProperty",
    "CommentColumnConstraint Clone",
)

_FUNCTIONS = _names(
    # Conditional, conversion, logical
    "And Or Xor Case If Coalesce Nullif Cast TryCast Try Exists Format ParseNumeric ParseBignumeric Anonymous",
    "AnonymousAggFunc",
    # Aggregate, approximate, statistical
    "AnyValue ApproxDistinct ApproxQuantiles ApproxQuantile ApproxTopK ApproxTopSum ArrayAgg ArrayConcatAgg Avg",
    "BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg Corr Count CountIf CovarPop CovarSamp GroupConcat Grouping LogicalAnd",
    "LogicalOr Max Median Min ArgMax ArgMin Stddev StddevPop StddevSamp Sum Variance VariancePop",
    # Numbering and navigation
    "CumeDist DenseRank FirstValue Lag LastValue Lead NthValue Ntile PercentRank PercentileCont PercentileDisc Rank",
    "RowNumber First Last",
    # Mathematical
    "Abs Acos Acosh Asin Asinh Atan Atan2 Atanh Cbrt Ceil Cos Cosh Cot Coth Csc Csch Exp Floor Greatest Least Ln Log",
    "IsInf IsNan Pow Radians Degrees Pi Rand RangeBucket Round SafeAdd SafeDivide SafeMultiply SafeNegate SafeSubtract",
    "Sec Sech Sign Sin Sinh Sqrt Tan Tanh Trunc CosineDistance EuclideanDistance WidthBucket BitwiseCount",
    # Strings and bytes
    "Ascii ByteLength Chr CodePointsToBytes CodePointsToString Collate Concat Contains EndsWith FarmFingerprint",
    "FromBase32 FromBase64 Hex HexDecodeString Unhex LowerHex Initcap Left Length Levenshtein Lower MD5 MD5Digest",
    "Normalize Pad RegexpExtract RegexpExtractAll RegexpInstr RegexpLike RegexpReplace Repeat Replace Reverse Right",
    "SafeConvertBytesToString SHA SHA1Digest SHA2 SHA2Digest Soundex Split SplitPart StartsWith StrPosition Substring",
    "ToBase32 ToBase64 Base64DecodeBinary Base64Encode ToCodePoints Translate Trim Unicode Upper Uuid String",
    # Dates, times, intervals
    "CurrentDate CurrentDatetime CurrentTime CurrentTimestamp Date DateAdd DateDiff DateFromParts DateFromUnixDate",
    "DateSub DateTrunc Datetime DatetimeAdd DatetimeDiff DatetimeSub DatetimeTrunc Extract GenerateDateArray",
    "GenerateTimestampArray JustifyDays JustifyHours JustifyInterval LastDay MakeInterval ParseDatetime ParseTime",
    "StrToDate StrToTime Time TimeAdd TimeDiff TimeFromParts TimeSub TimeToStr TimeTrunc Timestamp TimestampAdd",
    "TimestampDiff TimestampFromParts TimestampSub TimestampTrunc TsOrDsAdd TsOrDsDiff TsOrDsToDate TsOrDsToDatetime",
    "TsOrDsToTime TsOrDsToTimestamp UnixDate UnixMicros UnixMillis UnixSeconds UnixToTime TimeStrToTime DateStrToDate",
    "TimeToUnix StrToUnix Year Month Day DayOfWeek DayOfYear Week WeekOfYear Quarter Hour Minute Second",
    # Arrays, structs, JSON
    "Array ArrayConcat ArrayContains ArrayFirst ArrayLast ArrayReverse ArraySize ArraySlice ArrayToString ArrayAny",
    "ArrayMax ArrayMin ArraySum GenerateSeries Struct StructExtract Unnest Explode Flatten Transform ArrayFilter",
    "Float64 Int64 LaxBool LaxFloat64 LaxInt64 LaxString JSONArray JSONArrayAppend JSONArrayInsert JSONBool",
    "JSONExtract JSONExtractArray JSONExtractScalar JSONFormat JSONKeysAtDepth JSONKeys JSONObject JSONRemove JSONSet",
    "JSONStripNulls JSONType JSONValueArray ParseJSON JSONCast",
    # Geography, sketches
    "StDistance StPoint Hll SafeFunc",
)

_PLAIN = _names(
    "ERROR TO_HEX FROM_HEX FORMAT_DATE FORMAT_TIMESTAMP FORMAT_DATETIME FORMAT_TIME PARSE_DATE PARSE_TIMESTAMP",
    "PARSE_DATETIME PARSE_TIME NORMALIZE NORMALIZE_AND_CASEFOLD BIT_COUNT CONTAINS_SUBSTR SAFE_ADD SAFE_SUBTRACT",
    "SAFE_MULTIPLY SAFE_NEGATE GENERATE_UUID RANGE_BUCKET TO_CODE_POINTS CODE_POINTS_TO_STRING IEEE_DIVIDE INSTR",
    "OCTET_LENGTH CODE_POINTS_TO_BYTES IS_INF IS_NAN DIV ARRAY_IS_DISTINCT REGEXP_SUBSTR JSON_QUERY_ARRAY",
    "ST_GEOGPOINT ST_GEOGFROMTEXT ST_ASTEXT ST_X ST_Y ST_CONTAINS ST_WITHIN ST_DWITHIN ST_INTERSECTS",
)
"""Functions of BigQuery's that the parser has no node of its own for."""

_TYPES = _names(
    "ARRAY STRUCT BOOLEAN BIGINT INT SMALLINT TINYINT DOUBLE FLOAT DECIMAL BIGDECIMAL TEXT VARCHAR BINARY VARBINARY",
    "DATE DATETIME TIME TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ INTERVAL JSON GEOGRAPHY UNKNOWN RANGE",
)
"""Types by the parser's names of them; the casts of functions use some that have no name in GoogleSQL."""

_UNBOUNDED = frozenset({"TEXT", "VARCHAR", "BINARY", "VARBINARY"})
"""Types whose length DuckDB would not keep to."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z_]+)*")
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?|0[xX][0-9A-Fa-f]+")
_NAMED_ELSEWHERE = frozenset(
    {"Identifier", "Literal", "RawString", "ByteString", "National", "UnicodeString", "HexString"}
)
_COLLATIONS = frozenset({"", "und:ci", "binary"})


def check_grammar(tree: exp.Expr) -> None:
    """Insist that a tree has nothing but what is listed here, and no text in it that isn't a word.

    Names and strings are the writer's business: it knows how each is written.

    Raises:
        UnreadableSqlError: It has something else.
    """
    from sqlglot import exp

    for node in tree.walk():
        name = type(node).__name__
        if name not in _SYNTAX and name not in _FUNCTIONS:
            raise UnreadableSqlError(*_refusal(node))
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) and str(node.this).upper() not in _PLAIN:
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {str(node.this)[:60]}")
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func) and node.this.name.upper() != "SAFE":
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {_shown(node)}")
        if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Parameter):
            raise UnreadableSqlError("system variables are not offered", f"@@{node.this.name[:60]}")
        if isinstance(node, exp.Collate) and node.text("expression") not in _COLLATIONS:
            raise UnreadableSqlError("a collation is 'und:ci' or 'binary'", f"{node.text('expression')!r:.60}")
        if isinstance(node, exp.DataType) and node.this.name not in _TYPES:
            raise UnreadableSqlError("a type is one of GoogleSQL's", node.this.name)
        if isinstance(node, exp.DataType) and node.this.name in _UNBOUNDED and node.find(exp.DataTypeParam):
            raise UnreadableSqlError("strings and bytes have no length of their own", _shown(node))
        if isinstance(node, exp.HexString) and not re.fullmatch("[0-9A-Fa-f]+", str(node.this)):
            raise UnreadableSqlError("a number is written in digits", repr(node.this)[:60])
        if isinstance(node, exp.Literal) and not node.is_string and not _is_number(str(node.this)):
            raise UnreadableSqlError("a number is written in digits", repr(node.this)[:60])
        if name not in _NAMED_ELSEWHERE:
            _check_words(node)


def _check_words(node: exp.Expr) -> None:
    for value in node.args.values():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and not _WORD.fullmatch(text):
                what = f"{text!r:.60} in {type(node).__name__}"
                raise UnreadableSqlError("keywords, units and keys are words", what)


def _shown(node: exp.Expr) -> str:
    return without_markers(node.sql())[:60]


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and any(digit in text for digit in "0123456789")


def _refusal(node: exp.Expr) -> tuple[str, str]:
    from sqlglot import exp

    name = type(node).__name__
    if isinstance(node, exp.SessionUser | exp.CurrentUser):
        return "the caller's own name is not offered: the BigQuery emulator doesn't know it", _shown(node)
    if isinstance(node, exp.Version):
        return "time travel is not offered", "FOR SYSTEM_TIME AS OF"
    if isinstance(node, exp.Func):
        return "only built-in functions are offered", f"a call of {_shown(node)}"
    return "only GoogleSQL's own syntax is offered", f"{name}: {_shown(node)}"
