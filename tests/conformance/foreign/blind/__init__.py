"""Blind rounds: faults of the strict server that were thought up from the contract alone.

Whoever wrote them had looked at neither checks nor defects. The whole kit is run against each by
`python -m tests.conformance.foreign.blind.round`; docs/proof.md has the results.
"""
