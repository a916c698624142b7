"""How Google reads an attribute mapping, an attribute condition and the members of a binding: pure, without HTTP.

The local Google decides by these rules, the program judges another team's provider by them, and the doctor asks them
why a caller is refused. Standard library and a CEL engine only.
"""
