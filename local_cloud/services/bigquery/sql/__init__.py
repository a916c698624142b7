"""What a SQL statement reads and writes, by BigQuery's grammar. Pure: no tables are looked up here.

sqlglot parses; whatever isn't understood is refused, never forwarded: scripts, procedures, table functions, statement
kinds and functions that aren't listed. A refusal is a bother; a table read past the policy would be a lie.

``statements`` says what a statement does and needs, by ``parsing``, ``names`` and ``functions``; ``columns`` which
columns it reads; ``spelling`` how it is told to the warehouse.
"""

from local_cloud.services.bigquery.sql.errors import UnreadableSqlError
from local_cloud.services.bigquery.sql.spelling import spell
from local_cloud.services.bigquery.sql.statements import Need, Statement, analyse

__all__ = ["Need", "Statement", "UnreadableSqlError", "analyse", "spell"]
