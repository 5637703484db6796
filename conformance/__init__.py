"""The conformance kit: judges an implementation of the two Database APIs over HTTP, rule by rule.

It will hold the catalogue of requirements, one check a rule, the engine that runs them against a target and
the reports. It reaches a mock as it reaches a vendor, by HTTP only, and imports nothing of
`dbcontract.mockserver`.
"""
