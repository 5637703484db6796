"""The conformance kit: judges an implementation of a documented API over HTTP, rule by rule.

`catalogue` reads the rules of each API, and `apis` holds them with their checks; `runner` runs the checks
against a `target`, and `report` shows the result. A mock is reached as a vendor is, by HTTP only: nothing
here imports `dbcontract.mockserver`.
"""
