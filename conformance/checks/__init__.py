"""The checks, one module a topic; `dbcontract.conformance.check.discover` finds them."""
