"""What a client's requests met of a contract, and what they do wrong: decided from exchanges alone.

How an exchange was come by plays no part: from the journal of a mock, or in passing, between a client and
some server.
"""
