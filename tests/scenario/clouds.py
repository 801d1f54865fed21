# SPDX-License-Identifier: Apache-2.0
"""Stands in for the token endpoints of AWS, Azure and Google: takes a token as each of them
does, finds the keys of its issuer by OpenID Connect discovery, verifies it, and answers in the
cloud's form. What it issues names the subject, so that a test sees who was let in."""

import contextlib
import http.server
import json
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request

import jwt

AWS_TAGS = "https://aws.amazon.com/tags"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"


class Refused(Exception):
    pass


class Cloud(contextlib.AbstractContextManager):
    """trusted: the issuer's URL; authority: of its certificate. seen has the claims of all
    tokens that were accepted."""

    def __init__(self, certificate, key, trusted, authority):
        self.trusted = trusted
        self.context = ssl.create_default_context(cafile=str(authority))
        self.seen = []
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                self.request.do_handshake()
                super().setup()

            def do_GET(self):
                self.answer(*cloud.get(self.path.partition("?")[0]))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
                self.answer(*cloud.post(self.path.partition("?")[0], form))

            def answer(self, status, content_type, body):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True,
                                             do_handshake_on_connect=False)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # verifying

    def fetch(self, url):
        if not url.startswith("https://"):
            raise Refused(f"{url} is not https")
        try:
            with urllib.request.urlopen(url, context=self.context, timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise Refused(f"couldn't retrieve {url}: {error}") from None

    def verify(self, token, audience, algorithms):
        """The claims, which are of the trusted issuer and for that audience."""
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise Refused(str(error)) from None
        if claimed.get("iss") != self.trusted:
            raise Refused("no provider for this issuer")
        document = self.fetch(self.trusted + "/.well-known/openid-configuration")
        if document["issuer"] != self.trusted:
            raise Refused("the issuer names itself otherwise")
        keys = [k for k in self.fetch(document["jwks_uri"])["keys"] if k["kid"] == header["kid"]]
        allowed = set(algorithms) & set(document["id_token_signing_alg_values_supported"])
        if len(keys) != 1 or header["alg"] not in allowed or keys[0]["alg"] != header["alg"]:
            raise Refused("no key for this token")
        try:
            claims = jwt.decode(token, jwt.PyJWK(keys[0]).key, algorithms=[header["alg"]],
                                issuer=self.trusted, audience=audience,
                                options={"require": ["iss", "sub", "aud", "exp", "iat"]})
        except jwt.InvalidTokenError as error:
            raise Refused(str(error)) from None
        self.seen.append(claims)
        return claims

    # the three forms

    @staticmethod
    def json(status, value):
        return status, "application/json", json.dumps(value)

    def get(self, path):
        tenant, _, rest = path.lstrip("/").partition("/")
        if rest != "v2.0/.well-known/openid-configuration":
            return self.json(404, {})
        return self.json(200, {
            "issuer": f"{self.url}/{tenant}/v2.0", "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{self.url}/{tenant}/oauth2/v2.0/authorize"})

    def post(self, path, form):
        if form.get("Action") == "AssumeRoleWithWebIdentity":
            return self.aws(form)
        if path.endswith("/oauth2/v2.0/token"):
            return self.azure(form)
        if path == "/v1/token":
            return self.google(form)
        return self.json(404, {})

    def aws(self, form):
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity"""
        try:
            claims = self.verify(form["WebIdentityToken"], "sts.amazonaws.com",
                                 ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
        except Refused as error:
            return 400, "text/xml", (
                f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>'
                f"<Code>InvalidIdentityToken</Code><Message>{error}</Message></Error>"
                "<RequestId>1</RequestId></ErrorResponse>")
        role = form["RoleArn"].rpartition("/")[2]
        return 200, "text/xml", (
            f'<AssumeRoleWithWebIdentityResponse xmlns="{NAMESPACE}">'
            "<AssumeRoleWithWebIdentityResult>"
            f"<SubjectFromWebIdentityToken>{claims['sub']}</SubjectFromWebIdentityToken>"
            f"<Audience>{claims['aud'][0]}</Audience><AssumedRoleUser>"
            f"<Arn>arn:aws:sts::123456789012:assumed-role/{role}/{form['RoleSessionName']}</Arn>"
            f"<AssumedRoleId>AROA:{form['RoleSessionName']}</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>x"
            f"</SecretAccessKey><SessionToken>for {claims['sub']}</SessionToken>"
            "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            f"<Provider>{self.trusted}</Provider></AssumeRoleWithWebIdentityResult>"
            "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
            "</AssumeRoleWithWebIdentityResponse>")

    def azure(self, form):
        """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow"""
        try:
            if (form["grant_type"], form["client_assertion_type"]) != ("client_credentials",
                                                                       JWT_BEARER):
                raise Refused("not a federated credential")
            claims = self.verify(form["client_assertion"], "api://AzureADTokenExchange",
                                 ["RS256"])
        except Refused as error:
            return self.json(401, {
                "error": "invalid_client", "error_codes": [700211],
                "error_description": f"AADSTS700211: {error}"})
        return self.json(200, {"token_type": "Bearer", "expires_in": 3599,
                               "ext_expires_in": 3599, "access_token": f"for {claims['sub']}"})

    def google(self, form):
        """https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token"""
        try:
            if (form["grant_type"], form["subject_token_type"]) != (EXCHANGE, JWT_TYPE):
                raise Refused("not an exchange of a JWT")
            claims = self.verify(form["subject_token"], "https:" + form["audience"],
                                 ["RS256", "ES256"])
        except Refused as error:
            return self.json(400, {"error": "invalid_grant", "error_description": str(error)})
        return self.json(200, {
            "access_token": f"for {claims['sub']}", "token_type": "Bearer", "expires_in": 3599,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
