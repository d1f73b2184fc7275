"""Writes authlens/vendors_data/vendors.json from idp.json (patterns and addresses) and the tables below.

Run it from the project's folder: ``python .dev/build_vendors.py``. It refuses to write when an example issuer
matches no entry, or an entry other than its own, or when a hostile look-alike of an example matches any.
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parent / "authlens" / "vendors_data" / "vendors.json"

# Rotation as documented by the vendors; "unknown" where they say nothing.
ENTRA_ROTATION = "no fixed schedule, at once in an emergency; more than one key is always published"
OKTA_ROTATION = "about four times a year; the next key is published weeks before it is used"
K8S_ROTATION = "when the cluster's operator does it"
UNKNOWN = "not documented"
# fmt: off
# id: (family, host names of the vendor's own, further hosts its key set may lie on, rotation, note)
# "*." stands for exactly one label.
FACTS = {
    "okta_org": ("okta-org", ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com", "*.okta-gov.com"], [], OKTA_ROTATION,
                 "Access tokens of the org authorization server are meant for Okta alone; an API of one's own needs a custom authorization server."),
    "okta_custom": ("okta-custom", ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com", "*.okta-gov.com"], [], OKTA_ROTATION,
                    "scp is an array of scopes, not one text with blanks."),
    "entra_v1": ("entra-v1", ["login.microsoftonline.com", "login.microsoftonline.us"], [], ENTRA_ROTATION,
                 "The resource's app registration decides between v1 and v2 tokens, not the endpoint the client asked."),
    "entra_v2": ("entra-v2", ["login.microsoftonline.com"], [], ENTRA_ROTATION,
                 "An application with its own signing key publishes it only under ?appid= of its client id."),
    "entra_multitenant": ("entra-multitenant", ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"], [], ENTRA_ROTATION,
                          "A template, not an issuer: no token carries it; the tenant's id takes the place of {tenantid}."),
    "entra_graph": ("entra-graph", [], [], ENTRA_ROTATION,
                    "Signed over a changed nonce in the header: nobody but Microsoft Graph can verify it."),
    "entra_usgov_v2": ("entra-v2", ["login.microsoftonline.us"], [], ENTRA_ROTATION,
                       "National clouds have key sets of their own."),
    "entra_china_v2": ("entra-v2", ["login.partner.microsoftonline.cn"], [], ENTRA_ROTATION,
                       "National clouds have key sets of their own."),
    "entra_china_v1": ("entra-v1", ["login.partner.microsoftonline.cn"], [], ENTRA_ROTATION,
                       "National clouds have key sets of their own."),
    "b2c": ("b2c", ["*.b2clogin.com"], [], "policy keys, rolled by the tenant's administrator",
            "The issuer does not name the policy (claim tfp or acr); each policy has its own document and may have its own keys."),
    "b2c_tfp": ("b2c", ["*.b2clogin.com"], [], "policy keys, rolled by the tenant's administrator",
                "Microsoft.Identity.Web does not support this form of issuer."),
    "external_id": ("ciam", ["*.ciamlogin.com"], [], ENTRA_ROTATION,
                    "The document names the host by the tenant's id even when it is asked for by the tenant's name."),
    "auth0": ("auth0", ["*.auth0.com", "*.*.auth0.com"], [],
              "by hand; the next key is always published beside the current one",
              "The issuer ends with a slash. Without an audience parameter the access token is opaque."),
    "keycloak": ("keycloak", [], [], "by hand: a provider of higher priority is added",
                 "The issuer follows the host name of the request unless the server's hostname is fixed."),
    "keycloak_legacy": ("keycloak", [], [], "by hand: a provider of higher priority is added",
                        "Version 17 dropped /auth from the address."),
    "duende": ("identityserver", [], [], "Duende: every 90 days, announced 14 days before and kept 14 days after; IdentityServer4: never by itself",
               "A developer signing key differs from instance to instance."),
    "openiddict": ("openiddict", [], [], "when the application registers another certificate",
                   "Access tokens are encrypted unless DisableAccessTokenEncryption is called."),
    "cognito": ("cognito", ["cognito-idp.*.amazonaws.com", "cognito-idp.*.amazonaws.com.cn"], [], UNKNOWN,
                "Access tokens have no aud; client_id and token_use take its place. ID and access tokens are signed with different keys."),
    "adfs_access": ("adfs", [], [], "a new certificate about once a year, secondary first",
                    "The document's access_token_issuer names this issuer; its issuer member does not."),
    "adfs_id": ("adfs", [], [], "a new certificate about once a year, secondary first", "The issuer of ID tokens."),
    "google": ("google", ["accounts.google.com"], ["www.googleapis.com"], "about daily",
               "Tokens may spell the issuer without https://. Access tokens (ya29.) are opaque."),
    "firebase": ("firebase", ["securetoken.google.com"], ["www.googleapis.com"], "often; see Cache-Control", "The audience is the project's id."),
    "firebase_session": ("firebase", ["session.firebase.google.com"], ["www.googleapis.com"], "often; see Cache-Control",
                         "Session cookies are signed with keys of their own."),
    "pingone": ("ping", ["auth.pingone.com", "auth.pingone.eu", "auth.pingone.asia", "auth.pingone.ca", "auth.pingone.com.au", "auth.pingone.sg"], [],
                "every 90 days by default", "One key set for the whole environment."),
    "pingfederate": ("ping", [], [], "static or dynamic, as configured", "Access token managers may have key sets of their own."),
    "onelogin": ("onelogin", ["*.onelogin.com"], [], UNKNOWN, "The first version's issuer (/oidc) is retired."),
    "github_actions": ("github", ["token.actions.githubusercontent.com"], [], UNKNOWN,
                       "The default audience is the owner's address on GitHub; tokens live for minutes."),
    "kubernetes": ("kubernetes", [], [], K8S_ROTATION, "Reachable inside the cluster only, under the cluster's own certificate authority."),
    "eks": ("kubernetes", ["oidc.eks.*.amazonaws.com", "oidc.eks.*.amazonaws.com.cn"], [], "every 7 days", "The audience is sts.amazonaws.com unless asked otherwise."),
    "aks": ("kubernetes", ["*.oic.prod-aks.azure.com"], [], K8S_ROTATION, "The issuer ends with a slash."),
    "gke": ("kubernetes", ["container.googleapis.com"], [], UNKNOWN, "Workload identity of a cluster."),
    "bot_framework": ("bot-framework", ["login.botframework.com"], [], "at least daily reading is asked for",
                      "The document's path is /openidconfiguration, so an authority alone does not find it."),
    "apple": ("apple", ["appleid.apple.com"], [], UNKNOWN, "For a time from June 2025 the document named another issuer than the tokens."),
    "salesforce": ("salesforce", ["login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com", "*.sandbox.my.salesforce.com",
                                  "*.develop.my.salesforce.com", "*.scratch.my.salesforce.com", "*.trailblaze.my.salesforce.com"], [], UNKNOWN,
                   "Access tokens are opaque unless the client app asks for JWTs."),
    "sap_xsuaa": ("sap", ["*.authentication.*.hana.ondemand.com"], [], "one pair of keys a zone",
                  "Validators take the address of the keys from the trusted domain, not from the issuer."),
    "sap_ias": ("sap", ["*.accounts.ondemand.com", "*.accounts400.ondemand.com", "*.accounts.cloud.sap", "*.accounts400.cloud.sap"], [], UNKNOWN,
                "Custom domains change the issuer."),
    "gitlab": ("gitlab", ["gitlab.com"], [], "not by itself", "CI tokens carry the audience that the job's id_tokens ask for."),
}
# fmt: on
# Whose access tokens an API of one's own cannot, or must not, verify.
UNVERIFIABLE = {"okta_org", "entra_graph"}
# The claims that tell the kinds of token of a vendor apart.
KINDS = {
    "okta-org": {"org-server": ["cid", "scp"], "id": ["idp", "amr", "at_hash", "nonce"]},
    "okta-custom": {"access": ["cid", "scp"], "id": ["idp", "amr", "at_hash", "nonce"]},
    "entra-v1": {"v1": ["ver=1.0", "appid", "appidacr"], "id": ["nonce"]},
    "entra-v2": {"v2": ["ver=2.0", "azp", "azpacr"], "id": ["nonce"]},
    "b2c": {"access": ["scp", "azp"], "id": ["nonce"]},
    "ciam": {"v2": ["ver=2.0", "azp", "azpacr"], "id": ["nonce"]},
    "auth0": {"access": ["scope", "gty", "permissions"], "id": ["nonce", "sid"]},
    "keycloak": {
        "access": ["typ=Bearer"],
        "id": ["typ=ID"],
        "refresh": ["typ=Refresh", "typ=Offline"],
        "logout": ["typ=Logout"],
    },
    "identityserver": {"access": ["client_id", "scope"], "id": ["nonce", "at_hash"]},
    "cognito": {"access": ["token_use=access"], "id": ["token_use=id"]},
    "adfs": {"access": ["appid", "apptype"], "id": ["nonce"]},
    "google": {"id": ["azp", "email"]},
    "firebase": {"id": ["firebase"]},
    "apple": {"id": ["nonce_supported", "is_private_email"]},
    "ping": {"access": ["client_id", "scope"]},
}
# Claims that only one self-hosted product writes; an issuer alone does not tell it.
SIGNS = {"keycloak": ["realm_access", "resource_access"], "openiddict": ["oi_prst", "oi_tkn_id", "oi_au_id"]}
GUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
HOST = "[A-Za-z0-9-]{1,63}"
# What a configured authority is certain to publish as its issuer.
AUTHORITIES = [
    (rf"https://login\.microsoftonline\.com/(?P<tid>{GUID})/v2\.0/?", "https://login.microsoftonline.com/{tid}/v2.0"),
    (rf"https://login\.microsoftonline\.us/(?P<tid>{GUID})/v2\.0/?", "https://login.microsoftonline.us/{tid}/v2.0"),
    (
        rf"https://login\.partner\.microsoftonline\.cn/(?P<tid>{GUID})/v2\.0/?",
        "https://login.partner.microsoftonline.cn/{tid}/v2.0",
    ),
    (rf"https://login\.microsoftonline\.(?:com|us)/(?P<tid>{GUID})/?", "https://sts.windows.net/{tid}/"),
    (rf"https://sts\.windows\.net/(?P<tid>{GUID})/?", "https://sts.windows.net/{tid}/"),
    (rf"https://login\.partner\.microsoftonline\.cn/(?P<tid>{GUID})/?", "https://sts.chinacloudapi.cn/{tid}/"),
    (
        r"https://login\.microsoftonline\.com/(?:common|organizations)/v2\.0/?",
        "https://login.microsoftonline.com/{{tenantid}}/v2.0",
    ),
    (
        r"https://login\.microsoftonline\.com/consumers/v2\.0/?",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    ),
    (r"https://login\.microsoftonline\.com/(?:common|organizations)/?", "https://sts.windows.net/{{tenantid}}/"),
    (
        r"https://login\.microsoftonline\.us/(?:common|organizations)/v2\.0/?",
        "https://login.microsoftonline.us/{{tenantid}}/v2.0",
    ),
    (rf"https://{HOST}\.ciamlogin\.com/(?P<tid>{GUID})(?:/v2\.0)?/?", "https://{tid}.ciamlogin.com/{tid}/v2.0"),
    (rf"https://(?P<host>{HOST}\.(?:okta|oktapreview|okta-emea|okta-gov)\.com)/?", "https://{host}"),
    (
        rf"https://(?P<host>{HOST}\.(?:okta|oktapreview|okta-emea|okta-gov)\.com)/oauth2/(?P<server>default|aus[A-Za-z0-9]{{1,64}})/?",
        "https://{host}/oauth2/{server}",
    ),
    (rf"https://(?P<host>{HOST}(?:\.(?:us|eu|au|jp|uk|ca)(?:-[0-9]{{1,2}})?)?\.auth0\.com)/?", "https://{host}/"),
    (
        r"(?P<iss>https://cognito-idp\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?/[a-z0-9-]{1,32}_[A-Za-z0-9]{1,64})/?",
        "{iss}",
    ),
    (r"(?P<iss>https://accounts\.google\.com)/?", "{iss}"),
    (r"(?P<iss>https://securetoken\.google\.com/[a-z0-9-]{1,64})/?", "{iss}"),
    (rf"(?P<iss>https://auth\.pingone\.(?:com|eu|asia|ca|com\.au|sg)/{GUID}/as)/?", "{iss}"),
    (rf"(?P<iss>https://{HOST}\.onelogin\.com/oidc/2)/?", "{iss}"),
    (r"(?P<iss>https://token\.actions\.githubusercontent\.com)/?", "{iss}"),
    (r"(?P<iss>https://oidc\.eks\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?/id/[A-F0-9]{32})/?", "{iss}"),
    (r"(?P<iss>https://gitlab\.com)/?", "{iss}"),
]
# Issuers that the document of the same vendor names differently; everything else must be equal.
DISCOVERY_ISSUER = {
    "external_id": "https://{tid}.ciamlogin.com/{tid}/v2.0",
    "adfs_access": "https://{host}/adfs",
    "google": "https://accounts.google.com",
    "entra_multitenant": None,
    "sap_xsuaa": None,
    "salesforce": None,
}


def entry(source: dict[str, object]) -> dict[str, object]:
    vendor = str(source["id"])
    family, hosts, jwks_hosts, rotation, note = FACTS[vendor]
    made: dict[str, object] = {
        "id": vendor,
        "name": source["name"],
        "family": family,
        "issuer": source["issuer_regex"],
        "discovery": source["discovery_template"],
        "jwks": source["jwks_template"],
        "discovery_issuer": DISCOVERY_ISSUER.get(vendor, "{iss}"),
        "hosts": hosts,
        "jwks_hosts": jwks_hosts,
        "verifiable": vendor not in UNVERIFIABLE,
        "rotation": rotation,
        "note": note,
        "kinds": KINDS.get(family, {}),
        "signs": SIGNS.get(vendor, []),
        "examples": source["test_issuers"],
    }
    return made


def matching(entries: list[dict[str, object]], issuer: str) -> list[str]:
    return [str(e["id"]) for e in entries if e["issuer"] and re.fullmatch(str(e["issuer"]), issuer, re.ASCII)]


def faults(entries: list[dict[str, object]]) -> list[str]:
    found = []
    for made in entries:
        for issuer in made["examples"]:  # type: ignore[attr-defined]  # the entry was made above from a list
            if (hits := matching(entries, issuer)) != [made["id"]]:
                found.append(f"{issuer} matches {hits}, not {made['id']} alone")
            tails = ("\n", "?x", "#x", "/%2e%2e", ".evil.example")
            found += [
                f"{issuer + tail!r} matches" for tail in tails if matching(entries, issuer + tail) and made["hosts"]
            ]
    return found


def main() -> None:
    entries = [entry(source) for source in json.loads((HERE / "idp.json").read_text("utf-8"))]
    if found := faults(entries):
        raise SystemExit("\n".join(found))
    data = {"vendors": entries, "authorities": [{"pattern": p, "issuer": i} for p, i in AUTHORITIES]}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
