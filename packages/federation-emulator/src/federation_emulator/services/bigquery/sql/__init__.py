"""What a SQL statement reads and writes, by BigQuery's grammar. Pure: no tables are looked up here.

sqlglot parses; whatever isn't understood is refused, never forwarded: scripts, procedures, table functions, statement
kinds and functions that aren't listed. A refusal is a bother; a table read past the policy would be a lie.

``lexing`` reads strings and comments, ``parsing`` makes a tree of the rest, ``grammar`` says what a tree may have;
``statements`` says what a statement does and needs, ``names`` which tables it names, ``columns`` which columns it
reads; ``writing`` writes it anew, every name whole.
"""

from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.statements import Need, Statement, analyse

__all__ = ["Need", "Statement", "UnreadableSqlError", "analyse"]
