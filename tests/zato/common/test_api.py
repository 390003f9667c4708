from __future__ import annotations

import zato.common
from zato.common import api


def test_constants_have_their_usual_import_paths() -> None:
    assert zato.common.CHANNEL is api.CHANNEL
    assert zato.common.SEC_DEF_TYPE is api.SEC_DEF_TYPE
    assert (api.CHANNEL.HTTP_SOAP, api.SEC_DEF_TYPE.BASIC_AUTH, api.DATA_FORMAT.JSON) == (
        "http-soap",
        "basic_auth",
        "json",
    )
