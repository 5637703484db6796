"""The mock as a pytest fixture."""
