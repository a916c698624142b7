"""A local Google (and local AWS) that runs the whole chain offline and refuses like the real ones."""
