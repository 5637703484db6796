"""The proof that the checks can fail: the kit is run against implementations that are wrong on purpose.

`running` runs it, in this process or several; `judging` says what the outcomes prove; `report` shows it.
"""
