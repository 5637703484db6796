"""A small server of both APIs, written from the documents alone: strict wherever they leave something open.

It shares no code with the mock, speaks HTTP/1.0 through the standard library's WSGI server, and is started as
`python -m strict` from the folder above.
"""
