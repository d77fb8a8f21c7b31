"""Reading and decoding request bodies; those of native deliveries strictly, so that no parser has to guess."""

import json
import zlib
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.http.problems import ProblemError

GZIP, ZLIB, DEFLATE = 31, 15, -15
"""zlib's numbers (`wbits`) for its three formats."""
FORMATS = {"gzip": (GZIP,), "x-gzip": (GZIP,), "deflate": (ZLIB, DEFLATE)}
"""The formats of each Content-Encoding, in the order in which they are tried: some senders omit zlib's header."""


class UnpackError(ProblemError):
    """400 for a body that is not what its Content-Encoding says."""


def read_body(request: Request, limit: int) -> bytes:
    """Return the raw body; raise 413 for more than `limit` bytes, 400 if it is shorter than its Content-Length."""
    announced = request.content_length
    # One byte more, to detect an excess: werkzeug silently truncates a chunked body at its limit.
    request.max_content_length = limit + 1
    if (announced or 0) > limit or len(body := request.get_data(cache=False)) > limit:
        raise RequestEntityTooLarge
    if announced not in {None, len(body)}:
        raise _bad("The body is shorter than its Content-Length.")
    return body


def unpack_body(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body without its Content-Encoding.

    Raise 415 for an unknown encoding, 413 as soon as more than `limit` bytes come out, UnpackError if it is damaged.
    """
    formats = _find_formats(encoding)
    for wbits in formats:
        try:
            return _inflate(body, wbits, limit)
        except zlib.error:
            continue
    if formats:
        raise UnpackError(HTTPStatus.BAD_REQUEST, f"The body cannot be unpacked as {encoding.strip().lower()}.")
    return body


def _find_formats(encoding: str) -> tuple[int, ...]:
    """Return zlib's numbers for a Content-Encoding, none if nothing is packed; raise 415 for an unknown encoding."""
    codings = [coding for part in encoding.lower().split(",") if (coding := part.strip()) not in {"", "identity"}]
    if not codings:
        return ()
    if len(codings) > 1 or codings[0] not in FORMATS:
        detail = f"Content-Encoding {encoding.strip()[:80]!a} is not supported. Send gzip, deflate, or none."
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "gzip, deflate"})
    return FORMATS[codings[0]]


def _inflate(packed: bytes, wbits: int, limit: int) -> bytes:
    """Return the content of one packed stream; raise 413 for more than `limit` bytes, zlib.error if it is not whole."""
    unpacker = zlib.decompressobj(wbits)
    unpacked = unpacker.decompress(packed, limit + 1)
    if len(unpacked) > limit:
        raise RequestEntityTooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("the stream ends early, or bytes follow it")
    return unpacked


def require_json(content_type: str) -> None:
    """Raise 415 for another media type than JSON; a missing one is accepted."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json.")


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body; raise 400 for anything else, for repeated names, and for NaN and Infinity."""
    parsed = decode_json(body, object_pairs_hook=_make_object, parse_constant=_refuse_constant)
    if not isinstance(parsed, dict):
        raise _bad("The body must be a JSON object.")
    return parsed


def decode_json(body: bytes, **strictness: Any) -> Any:  # noqa: ANN401
    """Return the decoded JSON of a body; raise 400 if it is not JSON, not UTF-8, or too deeply nested.

    By default the last of several equal names in an object counts, as in most parsers.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), **strictness)
    except UnicodeDecodeError:
        raise _bad("The body is not UTF-8.") from None
    except RecursionError:
        raise _bad("The body is nested too deeply.") from None
    except ValueError as error:
        raise _bad(f"The body is not valid JSON: {error}") from None


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"duplicate name {name[:80]!a} in one object")
        made[name] = value
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _bad(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, detail)
