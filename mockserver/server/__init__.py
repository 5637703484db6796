"""The application under uvicorn: built, run, stopped."""
