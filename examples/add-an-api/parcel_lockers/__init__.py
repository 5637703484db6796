"""Parcel lockers: an API that dbcontract serves and judges beside its own."""
