"""Signs requests as botocore does. One JSON object a line in, one Authorization field a line out."""
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Frozen(datetime.datetime):
    moment = None

    @classmethod
    def utcnow(cls):
        return cls.moment

    @classmethod
    def now(cls, tz=None):
        return cls.moment.replace(tzinfo=tz)


def frozen_now(remove_tzinfo=True):
    return Frozen.moment


botocore.auth.datetime = type("M", (), {"datetime": Frozen, "timezone": datetime.timezone})
if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = frozen_now

for line in sys.stdin:
    case = json.loads(line)
    Frozen.moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=case["time"])
    request = AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode() or None)
    for name, value in case["headers"]:
        request.headers[name] = value
    request.context["payload_signing_enabled"] = case["hashed"]
    if not case["hashed"]:
        request.context["client_config"] = None
    keys = Credentials(case["id"], case["secret"], case["token"] or None)
    signer = botocore.auth.S3SigV4Auth(keys, "s3", case["region"])
    signer._should_sha256_sign_payload = lambda _, hashed=case["hashed"]: hashed
    signer.add_auth(request)
    print(request.headers["Authorization"], flush=True)
