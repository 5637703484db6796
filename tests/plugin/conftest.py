"""Runs of pytest within a test, in this process."""

from __future__ import annotations

from dbcontract.mockserver.apis.base import served_apis

# What an inner run imports first is forgotten after it, and would come again as other classes than those that
# are remembered as served.
served_apis()
