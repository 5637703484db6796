"""The conformance kit: judges an implementation of the two Database APIs over HTTP, rule by rule.

`catalogue` holds the rules and `checks` what tells whether they are kept; `engine` runs the checks against a
`target`, and `report` shows the result. A mock is reached as a vendor is, by HTTP only: nothing here imports
`dbcontract.mockserver`.
"""
