"""`python -m dbcontract`: the same as the command `dbcontract`."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="dbcontract")
