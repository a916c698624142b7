"""Stand-in provider plugins `gcp`, `aws` and `random` for machines that cannot download the official ones.

They serve exactly the resource types of this program, over the engine's own protocol, and send the requests that the
official plugins would send. They refuse every endpoint that is not on loopback: nothing real is ever deployed by them.
"""

ATTACHABLE = "attachable"
"""Name of the event by which plugins that serve together report their ports."""
