"""Projects have no state of their own: id and number are settings, their policies are in the store."""
