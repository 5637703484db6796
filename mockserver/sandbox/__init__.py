"""One isolated state with its clock, ids, settings, faults and journal; and the registry of all."""
