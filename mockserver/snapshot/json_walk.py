"""Reads a long JSON text piece by piece, so that others get their turn between two pieces.

Whoever reads says what comes next: go through the members of an object, through the items of an array, or
take a whole value. Numbers stay exact, as in `state.jsonio`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from json import decoder as json_decoder
from typing import Any

from ..state.jsonio import finite

# The standard parser's own, which reads one string from a position on; it has no types.
_scanstring: Callable[[str, int], tuple[str, int]] = vars(json_decoder)["scanstring"]
_SPACE = re.compile(r"[ \t\n\r]*")


class JSONSyntax(ValueError):
    """The text is not JSON; the message says where."""


class OtherKind(TypeError):
    """The text is JSON, but has another kind of value here than the reader wants."""


class JSONWalk:
    """A position in a JSON text; every method begins there and leaves it behind what it read.

    Attributes:
        position: may be set back to where it was, to read something again.
    """

    __slots__ = ("_decode", "_text", "position")

    def __init__(self, text: str) -> None:
        self._text = text
        decoder: Any = json.JSONDecoder(parse_constant=_no_number, parse_float=finite)
        # Not `raw_decode`, which says less of what is wrong where.
        self._decode = decoder.scan_once
        self.position = 0
        self._skip_space()

    def value(self) -> Any:
        """The whole value that stands here.

        Raises:
            JSONSyntax: there is none.
        """
        try:
            value, self.position = self._decode(self._text, self.position)
        except StopIteration:
            raise self._syntax("a value") from None
        except RecursionError:
            raise JSONSyntax("nested too deep") from None
        except ValueError as error:
            raise JSONSyntax(str(error)) from None
        self._skip_space()
        return value

    def members(self) -> Iterator[str]:
        """The names of the object that stands here; each value is to be read before the next name.

        Raises:
            JSONSyntax: the text is not JSON.
            OtherKind: this is not an object.
        """
        if self._enter("{", "}", "an object is expected"):
            return
        while True:
            if self._sign() != '"':
                raise self._syntax("a name")
            try:
                name, self.position = _scanstring(self._text, self.position + 1)
            except ValueError as error:
                raise JSONSyntax(str(error)) from None
            self._skip_space()
            if self._sign() != ":":
                raise self._syntax('":"')
            self._step()
            yield name
            if not self._goes_on("}"):
                return

    def items(self) -> Iterator[None]:
        """Stop at each item of the array that stands here; each is to be read before the next.

        Raises:
            JSONSyntax: the text is not JSON.
            OtherKind: this is not an array.
        """
        if self._enter("[", "]", "an array is expected"):
            return
        while True:
            yield
            if not self._goes_on("]"):
                return

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            JSONSyntax: something does.
        """
        if self.position != len(self._text):
            raise self._syntax("the end")

    def _sign(self) -> str:
        return self._text[self.position : self.position + 1]

    def _step(self) -> None:
        self.position += 1
        self._skip_space()

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self.position)
        if found is not None:
            self.position = found.end()

    def _enter(self, opening: str, closing: str, otherwise: str) -> bool:
        """Step into an object or array; whether it was empty and is behind us."""
        if self._sign() != opening:
            raise OtherKind(otherwise)
        self._step()
        if self._sign() != closing:
            return False
        self._step()
        return True

    def _goes_on(self, closing: str) -> bool:
        """Step over a comma or the end; whether it was a comma."""
        sign = self._sign()
        if sign not in {",", closing}:
            raise self._syntax(f'"," or "{closing}"')
        self._step()
        return sign == ","

    def _syntax(self, wanted: str) -> JSONSyntax:
        return JSONSyntax(f"{wanted} is expected at character {self.position}")


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")
