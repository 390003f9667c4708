"""How the data of a call becomes the body of a request (reference: service-api, section 3.4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES = {"json": "application/json", "form": FORM, "xml": "application/xml", "": "text/plain"}
"""Content-Type by data format."""


def encode(data: Any, data_format: str, content_type: str | None) -> tuple[bytes | None, str]:
    """The body, None where there is none, and its Content-Type: `content_type` if given.

    Text goes out as UTF-8 and bytes as they are. Anything else is encoded as the content type or, that failing, the
    data format says; without either it goes out as a form. Raises TypeError for what cannot be encoded so.
    """
    content_type_or_default = content_type or CONTENT_TYPES[data_format]
    if data is None or data in ("", b""):
        return None, content_type_or_default
    if isinstance(data, str):
        return data.encode(), content_type_or_default
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data), content_type_or_default

    if hasattr(data, "to_dict"):
        data = data.to_dict()
    if data_format == "form" or content_type_or_default.startswith(FORM):
        return urlencode(data, doseq=True).encode(), content_type_or_default
    if data_format == "json" or "json" in content_type_or_default:
        return _JSON.encode(data), content_type_or_default
    if not data_format:
        return urlencode(data, doseq=True).encode(), content_type or FORM
    raise TypeError(f"data of the format `{data_format}` must be str or bytes, not {type(data).__name__}")


def _to_dict(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    raise TypeError(f"cannot send {type(value).__name__} as JSON")


_JSON = msgspec.json.Encoder(enc_hook=_to_dict, decimal_format="number")
