"""Texts that a server takes for the same, or changes, if it does not treat them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SUB_DELIMS: Final = "!$&'()*+,;=:@"
"""What stands in a path for itself, encoded or not (RFC 3986, 3.3)."""

ALIKE: Final = (
    *(
        "a",
        "A",
        "a ",
        " a",
        "a%20",
        "%61",
        "a+b",
        "a%20b",
        "a b",
        "\u0430",
        "\u00e9",
        "e\u0301",
        "ss",
        "\u00df",
    ),
    *("1", "01", "1.0", "null", "None", "true", "\U0001f600", "\U0001f601", "a\u200b", "constructor"),
    *("a;b", "a;c", "a&b", "a=b", "a,b", "a:b", "a@b", "a'b", "a*", "a(b)", "$a!"),
    *("x" * 255, "x" * 256, f"{'x' * 255}y"),
)
"""Ends of texts that are alike."""

WHOLE: Final = (
    *("1", "01", "1.0", "1e0", "+1", "0x1", "\u0661", "0", "-0", "true", "True", "null", "Null", "None"),
    *("nan", "inf", "2024-01-01", "2024-1-1", "20240101", "2024-01-01T00:00:00Z", "on", "yes"),
)
"""Texts that are alike once somebody reads them as a number, a date or a word of a language."""

CELLS: Final = (
    *("Paris", "PARIS", "paris", "\u00e9", "e\u0301", "ss", "\u00df", "two  blanks", " in front", "behind "),
    *("one, two", 'a "quoted" word', '"', "'", "back\\slash", "semi;colon", "tab\tinside", "two\nlines"),
    *(
        "<b>&amp;</b>",
        "\u00fc \u043a\u043b\u044e\u0447 \u540d \U0001f600",
        "y" * 255 + "z",
        "y" * 256 + "z",
        "\u00e9" * 20_000 + "z",
    ),
    *("=1+1", "=SUM(A1:A2)", "-5 x", "+49 30", "@user", "'quoted", "#N/A"),
    *WHOLE,
)
"""Texts for the cells of a table, none longer than a cell of a workbook may be."""

NUMBERS: Final[Mapping[str, float]] = {
    "53 bits": 2**53 - 1,
    "beyond 53 bits": 2**53 + 1,
    "beyond 64 bits": 2**64 + 1,
    "negative": -(2**63) - 1,
    "fraction": 0.1,
    "small": -1.5e-7,
    "million": 1_000_000,
}
"""Numbers that a table shows rounded, or in another form, if it does not treat them as they are."""

RETURNS: Final = ("a lone\rreturn", "at the end\r", "two\r\nlines")
"""Texts for CSV; in a workbook there are several ways to write them."""
