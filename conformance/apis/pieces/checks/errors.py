"""What Pieces OS answers to an import that it cannot use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import PrerequisiteFailed, check
from ..context import Pieces
from ..exports import REQUIRED_FIELDS
from ..probes import REFUSAL, as_bytes, is_refusal, next_major, own_schema_or, send

_ACCEPTED = (
    "text/plain",
    "application/json, text/plain",
    "text/plain, application/json",
    "text/*;q=0.1, */*",
)
"""What clients accept that can read plain text; the vendor's SDK reads JSON, too."""


def _expect_refused(ctx: Pieces, bodies: Mapping[str, object]) -> None:
    """Send bodies, each under the name of what is wrong with it, and expect 500, or 400 as plain text."""
    others = []
    for what, body in bodies.items():
        answer = send(ctx, body, note=what)
        if not is_refusal(answer):
            others.append(f"{what}: {answer.summary}")
    ctx.expect_true("imports that cannot be used", not others, expected=REFUSAL, actual="; ".join(others))


def _with_last(ctx: Pieces, **changes: Any) -> dict[str, Any]:
    """Three probes, the last of which is changed; None takes a field away."""
    last = {**ctx.given.probe(), **changes}
    last = {name: value for name, value in last.items() if value is not None}
    return ctx.given.importable(*ctx.given.probes(2), last)


def _with_byte(ctx: Pieces, value: object) -> dict[str, Any]:
    """Three probes, the last of which has this among its bytes."""
    return _with_last(ctx, raw=[1, 2, value])


def _without(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {known: value for known, value in body.items() if known != name}


def _malformed(ctx: Pieces) -> Answer:
    return send(ctx, b'{"version": ', note="JSON that breaks off")


def _incomplete(ctx: Pieces, accept: str | None = None) -> Answer:
    body = _without(ctx.given.importable(ctx.given.probe()), "version")
    return send(ctx, body, accept=accept, note="no version")


def _of_version(ctx: Pieces, version: str, accept: str | None = None) -> Answer:
    body = ctx.given.importable(ctx.given.probe(), version=version)
    return send(ctx, body, accept=accept, note="a newer version")


@check("PI-ERR-01", control="importDatabase")
def a_500_is_plain_text(ctx: Pieces) -> None:
    """Looks at the Content-Type of the answers to malformed JSON and to a body without `version`, 500 or 400,
    for clients that accept anything, plain text, or plain text beside JSON.
    """
    answers = [_malformed(ctx), _incomplete(ctx), *(_incomplete(ctx, accept) for accept in _ACCEPTED)]
    failures = [answer for answer in answers if answer.status in {400, 500}]
    if not failures:
        message = "neither malformed JSON nor a missing version was answered 500 or 400"
        raise PrerequisiteFailed("PI-ERR-04", message)
    for answer in failures:
        answer.expect_media_type("text/plain")


@check("PI-ERR-01", control="importDatabase")
def a_500_from_inside_is_plain_text(ctx: Pieces) -> None:
    """Provokes failures inside imports, where that is possible, for the same clients."""
    ctx.given.export()
    if not ctx.can("inject"):
        return  # the other check looks at what is refused
    for accept in (None, *_ACCEPTED):
        body = ctx.given.importable(*ctx.given.probes(3))
        ctx.inject.fail_import_inside(after=2)
        answer = send(ctx, body, accept=accept, note="fails inside")
        if answer.status == 500:  # that it is, another rule says
            answer.expect_media_type("text/plain")


@check("PI-ERR-02", control="importDatabase")
def a_505_is_plain_text(ctx: Pieces) -> None:
    """Looks at the Content-Type of the answer to an import of the next major version, for clients that accept
    anything, plain text, or plain text beside JSON.
    """
    for accept in (None, *_ACCEPTED):
        with step("PI-VER-01", "send an import that is too new"):
            answer = _of_version(ctx, next_major(ctx), accept).expect_status(505)
        answer.expect_media_type("text/plain")


@check("PI-ERR-03", control="importDatabase")
def an_error_says_what_is_wrong(ctx: Pieces) -> None:
    """Looks at the bodies of answers to a malformed, an incomplete and a newer import; any
    wording will do.
    """
    answers = _malformed(ctx), _incomplete(ctx), _of_version(ctx, "999999.0.0")
    errors = [answer for answer in answers if answer.status >= 400]
    if not errors:
        raise PrerequisiteFailed("PI-ERR-04", "none of three bad imports was answered with an error")
    for answer in errors:
        ctx.expect_true("the body of an error", answer.text.strip(), expected="a text", actual=answer.summary)


@check("PI-ERR-04", control="importDatabase")
def malformed_json_is_refused(ctx: Pieces) -> None:
    """Sends words, a probe import cut in its middle and one with bytes that are not UTF-8."""
    probe = ctx.given.probe()
    whole = as_bytes(ctx.given.importable(probe))
    bodies = {
        "words": b"not a database",
        "cut in the middle": whole[: len(whole) // 2],
        "no UTF-8": whole.replace(probe["id"].encode(), b"\xff\xfe"),
    }
    _expect_refused(ctx, bodies)


@check("PI-ERR-05", control="importDatabase")
def json_that_is_not_an_object_is_refused(ctx: Pieces) -> None:
    """Sends arrays, strings, numbers and booleans, those among them that are false in many languages."""
    bodies = (b"[]", b"[{}]", b'""', b'"version"', b"0", b"1.5", b"false", b"true")
    _expect_refused(ctx, {body.decode(): body for body in bodies})


@check("PI-ERR-06", control="importDatabase")
def a_missing_field_is_refused(ctx: Pieces) -> None:
    """Sends a probe import for each required field, without that field."""
    body = ctx.given.importable(ctx.given.probe())
    _expect_refused(ctx, {f"no {name}": _without(body, name) for name in REQUIRED_FIELDS})


@check("PI-ERR-07", control="importDatabase")
def a_field_of_the_wrong_type_is_refused(ctx: Pieces) -> None:
    """Makes a collection a string, `values` an array, `iterable` an object and `version` a number."""
    body = ctx.given.importable(ctx.given.probe())
    wrong: dict[str, object] = {"values": [], "version": 1}
    if ctx.can("destroy"):
        wrong["websites"] = "W10="
    bodies = {f"{name}: {value!r}": {**body, name: value} for name, value in wrong.items()}
    _expect_refused(ctx, {**bodies, "iterable: {}": {**body, "values": {"iterable": {}}}})


def _expect_no_byte(ctx: Pieces, value: object) -> None:
    """Put a value into an entry, into a required and into an optional collection."""
    bodies = {f"{value} in an entry": _with_byte(ctx, value)}
    if ctx.can("destroy"):
        for name in ("websites", "hints"):
            bodies[f"{value} in {name}"] = ctx.given.importable(ctx.given.probe(), **{name: [value]})
    _expect_refused(ctx, bodies)


@check("PI-ERR-08", control="importDatabase")
def a_byte_above_255_is_refused(ctx: Pieces) -> None:
    """Puts 256 into the raw of a last probe, then as the only byte into byte collections."""
    _expect_no_byte(ctx, 256)


@check("PI-ERR-09", control="importDatabase")
def a_negative_byte_is_refused(ctx: Pieces) -> None:
    """Puts -1 into the raw of a last probe, then as the only byte into byte collections."""
    _expect_no_byte(ctx, -1)


@check("PI-ERR-10", control="importDatabase")
def a_byte_that_is_not_a_whole_number_is_refused(ctx: Pieces) -> None:
    """Puts true, 1.5, "1" and null into the raw of a last probe, in turn."""
    _expect_refused(ctx, {repr(value): _with_byte(ctx, value) for value in (True, 1.5, "1", None)})


@check("PI-ERR-11", control="importDatabase")
def an_entry_without_id_or_bytes_is_refused(ctx: Pieces) -> None:
    """Takes the id, then the raw, from the last of three probes."""
    _expect_refused(ctx, {"no id": _with_last(ctx, id=None), "no raw": _with_last(ctx, raw=None)})


@check("PI-ERR-12", control="importDatabase")
def a_version_that_is_none_is_answered_500(ctx: Pieces) -> None:
    """Sends probe imports with an empty version, a word and two numbers with a dot between them."""
    probe = ctx.given.probe()
    for text in ("", "latest", "1.2"):
        send(ctx, ctx.given.importable(probe, version=text), note=f"version {text!r}").expect_status(500)


@check("PI-ERR-13", control="importDatabase")
def an_import_that_fails_inside_is_answered_500(ctx: Pieces) -> None:
    """Provokes a failure after the first entries of the next import and looks at its status."""
    body = ctx.given.importable(*ctx.given.probes(3))
    ctx.inject.fail_import_inside(after=2)
    send(ctx, body).expect_status(500)


@check("PI-ERR-14", control="importDatabase")
def an_incomplete_schema_is_refused(ctx: Pieces) -> None:
    """Sends imports whose schema, or that of an entry, lacks a field or has an invented semantic."""
    probe, schema = ctx.given.probe(), own_schema_or(ctx, 0)
    bad = {
        "no migration": _without(schema, "migration"),
        "no semantic": _without(schema, "semantic"),
        "an invented semantic": {**schema, "semantic": "MAJOR_9_MINOR_9_PATCH_9"},
    }
    bodies = {what: ctx.given.importable(probe, schema=one) for what, one in bad.items()}
    entry = {**probe, "schema": bad["no semantic"]}
    _expect_refused(ctx, {**bodies, "no semantic in an entry": ctx.given.importable(entry)})
