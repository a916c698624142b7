"""Stand-in: the uploads that the BigQuery client names when it is imported."""

from __future__ import annotations

from not_shipped import NotShipped, others


class MultipartUpload(metaclass=NotShipped):
    """No upload is one."""


class ResumableUpload(metaclass=NotShipped):
    """No upload is one."""


__getattr__ = others(__name__)
