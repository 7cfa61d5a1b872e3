# moto behind the check that AWS makes of every request: botocore, which is AWS' own, signs the same request again with
# the key of the server, and both signatures must be one. moto itself does not check signed addresses.
# Arguments: port, access key (empty: nothing is checked), secret key, hours that what is stored is older than it is.
import datetime
import sys
from urllib.parse import parse_qsl, urlsplit

import moto.s3.models as models
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

port, known, secret, hours = sys.argv[1:]
now = models.utcnow
models.utcnow = lambda: now() - datetime.timedelta(hours=int(hours))
storage = DomainDispatcherApplication(create_backend_app)


def refused(environ):
    if not known or environ.get("HTTP_X_SETUP"):
        return None
    url = urlsplit("http://" + environ["HTTP_HOST"] + environ["RAW_URI"])
    pairs = [pair for pair in url.query.split("&") if pair]
    said = {key: value for key, value in parse_qsl(url.query, keep_blank_values=True)}
    if "X-Amz-Signature" not in said:
        return "AccessDenied"
    identifier, date, region, service, end = said["X-Amz-Credential"].split("/")
    if identifier != known:
        return "InvalidAccessKeyId"
    taken = datetime.datetime.strptime(said["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    age = (datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - taken).total_seconds()
    if not -60 < age < int(said["X-Amz-Expires"]):
        return "RequestTimeTooSkewed"
    rest = "&".join(pair for pair in pairs if not pair.lower().startswith("x-amz-"))
    request = AWSRequest(method=environ["REQUEST_METHOD"], url=url._replace(query=rest).geturl())
    request.context["timestamp"] = said["X-Amz-Date"]
    token = said.get("X-Amz-Security-Token")
    signer = S3SigV4QueryAuth(Credentials(known, secret, token), service, region, int(said["X-Amz-Expires"]))
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return None if signer.signature(text, request) == said["X-Amz-Signature"] else "SignatureDoesNotMatch"


def application(environ, start):
    try:
        why = refused(environ)
    except Exception as error:
        why = "InvalidRequest"
        print(error, file=sys.stderr)
    if why is None:
        return storage(environ, start)
    start("403 Forbidden", [("Content-Type", "application/xml")])
    return [f"<Error><Code>{why}</Code><Message>no</Message></Error>".encode()]


run_simple("127.0.0.1", int(port), application, threaded=True)
