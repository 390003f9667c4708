"""Constants that services compare with, under the import path that they use (reference: service-api, section 1.6)."""

from __future__ import annotations


class CHANNEL:
    """What `self.channel.type` can be."""

    AMQP = "amqp"
    HTTP_SOAP = "http-soap"
    INVOKE = "invoke"
    INVOKE_ASYNC = "invoke-async"
    INVOKE_ASYNC_CALLBACK = "invoke-async-callback"
    SCHEDULER = "scheduler"
    SERVICE = "service"


class SEC_DEF_TYPE:  # noqa: N801  (the Service API's name)
    """What `self.channel.security.type` can be."""

    APIKEY = "apikey"
    BASIC_AUTH = "basic_auth"


class DATA_FORMAT:  # noqa: N801  (the Service API's name)
    """What `self.channel.data_format` can be."""

    CSV = "csv"
    DICT = "dict"
    FORM = "form"
    HL7 = "hl7"
    JSON = "json"
    POST = "post"
    XML = "xml"


class URL_TYPE:  # noqa: N801  (the Service API's name)
    """What `self.request.transport` can be."""

    PLAIN_HTTP = "plain_http"
    SOAP = "soap"
