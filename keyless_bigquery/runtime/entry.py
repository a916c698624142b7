"""What Lambda calls: begins the token, then loads the function.

Its import is the start of the process, and so the one in this package that does more than define names: in Lambda
itself it begins to fetch the token before it imports the slow half, the BigQuery client and the function.
"""

from __future__ import annotations

import os

from keyless_bigquery.runtime.start import without_collecting

with without_collecting():
    from keyless_bigquery.runtime import init_phase

    _TOKEN = init_phase.begin(os.environ)

    # What this imports takes as long as the token, which is on its way.
    from keyless_bigquery.runtime.loading import load
    from keyless_bigquery.runtime.process import PROCESS
    from keyless_bigquery.runtime.wrapper import guarded

    PROCESS.token = _TOKEN
    lambda_handler = guarded(load(os.environ))
