"""Writes authlens/vendors_data/vendors.json from idp.json (patterns and addresses) and the tables below.

Run it from the project's folder: ``python .dev/build_vendors.py``. It refuses to write when an example issuer
matches no entry, or an entry other than its own, or when a hostile look-alike of an example matches any.
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parent / "authlens" / "vendors_data" / "vendors.json"

# As documented by the vendors; None where they say nothing.
ENTRA_ROTATION = "no fixed schedule, at once in an emergency; more than one key is always published"
OKTA_ROTATION = "about four times a year; the next key is published weeks before it is used"
K8S_ROTATION = "when the cluster's operator does it"
# id: (family, host names of the vendor's own, further hosts its key set may lie on, how often its keys change)
# "*." stands for exactly one label.
FACTS: dict[str, tuple[str, list[str], list[str], str | None]] = {
    "okta_org": (
        "okta-org",
        ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com", "*.okta-gov.com"],
        [],
        OKTA_ROTATION,
    ),
    "okta_custom": (
        "okta-custom",
        ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com", "*.okta-gov.com"],
        [],
        OKTA_ROTATION,
    ),
    "entra_v1": ("entra-v1", ["login.microsoftonline.com", "login.microsoftonline.us"], [], ENTRA_ROTATION),
    "entra_v2": ("entra-v2", ["login.microsoftonline.com"], [], ENTRA_ROTATION),
    "entra_multitenant": (
        "entra-multitenant",
        ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"],
        [],
        ENTRA_ROTATION,
    ),
    "entra_usgov_v2": ("entra-v2", ["login.microsoftonline.us"], [], ENTRA_ROTATION),
    "entra_china_v2": ("entra-v2", ["login.partner.microsoftonline.cn"], [], ENTRA_ROTATION),
    "entra_china_v1": ("entra-v1", ["login.partner.microsoftonline.cn"], [], ENTRA_ROTATION),
    "b2c": ("b2c", ["*.b2clogin.com"], [], "when the tenant's administrator rolls the policy keys"),
    "b2c_tfp": ("b2c", ["*.b2clogin.com"], [], "when the tenant's administrator rolls the policy keys"),
    "external_id": ("ciam", ["*.ciamlogin.com"], [], ENTRA_ROTATION),
    "auth0": (
        "auth0",
        ["*.auth0.com", "*.*.auth0.com"],
        [],
        "by hand; the next key is always published beside the current one",
    ),
    "keycloak": ("keycloak", [], [], "by hand: a provider of higher priority is added"),
    "keycloak_legacy": ("keycloak", [], [], "by hand: a provider of higher priority is added"),
    "cognito": ("cognito", ["cognito-idp.*.amazonaws.com", "cognito-idp.*.amazonaws.com.cn"], [], None),
    "adfs_access": ("adfs", [], [], "a new certificate about once a year, secondary first"),
    "adfs_id": ("adfs", [], [], "a new certificate about once a year, secondary first"),
    "google": ("google", ["accounts.google.com"], ["www.googleapis.com"], "about daily"),
    "firebase": ("firebase", ["securetoken.google.com"], ["www.googleapis.com"], "often, as Cache-Control tells"),
    "firebase_session": (
        "firebase",
        ["session.firebase.google.com"],
        ["www.googleapis.com"],
        "often, as Cache-Control tells",
    ),
    "pingone": (
        "ping",
        [
            "auth.pingone.com",
            "auth.pingone.eu",
            "auth.pingone.asia",
            "auth.pingone.ca",
            "auth.pingone.com.au",
            "auth.pingone.sg",
        ],
        [],
        "every 90 days by default",
    ),
    "onelogin": ("onelogin", ["*.onelogin.com"], [], None),
    "github_actions": ("github", ["token.actions.githubusercontent.com"], [], None),
    "kubernetes": ("kubernetes", [], [], K8S_ROTATION),
    "eks": ("kubernetes", ["oidc.eks.*.amazonaws.com", "oidc.eks.*.amazonaws.com.cn"], [], "every 7 days"),
    "aks": ("kubernetes", ["*.oic.prod-aks.azure.com"], [], K8S_ROTATION),
    "gke": ("kubernetes", ["container.googleapis.com"], [], None),
    "bot_framework": ("bot-framework", ["login.botframework.com"], [], "not announced; they are to be read every day"),
    "apple": ("apple", ["appleid.apple.com"], [], None),
    "salesforce": (
        "salesforce",
        [
            "login.salesforce.com",
            "test.salesforce.com",
            "*.my.salesforce.com",
            "*.sandbox.my.salesforce.com",
            "*.develop.my.salesforce.com",
            "*.scratch.my.salesforce.com",
            "*.trailblaze.my.salesforce.com",
        ],
        [],
        None,
    ),
    "sap_xsuaa": ("sap", ["*.authentication.*.hana.ondemand.com"], [], None),
    "sap_ias": (
        "sap",
        ["*.accounts.ondemand.com", "*.accounts400.ondemand.com", "*.accounts.cloud.sap", "*.accounts400.cloud.sap"],
        [],
        None,
    ),
    "gitlab": ("gitlab", ["gitlab.com"], [], "when its administrator rolls them"),
}
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


def entry(source: dict[str, object]) -> dict[str, object]:
    vendor = str(source["id"])
    family, hosts, jwks_hosts, rotation = FACTS[vendor]
    return {
        "id": vendor,
        "name": source["name"],
        "family": family,
        "issuer": source["issuer_regex"],
        "discovery": source["discovery_template"],
        "jwks": source["jwks_template"],
        "hosts": hosts,
        "jwks_hosts": jwks_hosts,
        "rotation": rotation,
    }


def matching(entries: list[dict[str, object]], issuer: str) -> list[str]:
    return [str(e["id"]) for e in entries if re.fullmatch(str(e["issuer"]), issuer, re.ASCII)]


def faults(sources: list[dict[str, object]], entries: list[dict[str, object]]) -> list[str]:
    found = []
    for source, made in zip(sources, entries, strict=True):
        for issuer in source["test_issuers"]:  # type: ignore[attr-defined]  # a list, in the file
            if (hits := matching(entries, issuer)) != [made["id"]]:
                found.append(f"{issuer} matches {hits}, not {made['id']} alone")
            tails = ("\n", "?x", "#x", "/%2e%2e", ".evil.example")
            found += [
                f"{issuer + tail!r} matches" for tail in tails if matching(entries, issuer + tail) and made["hosts"]
            ]
    return found


def main() -> None:
    sources = json.loads((HERE / "idp.json").read_text("utf-8"))
    entries = [entry(source) for source in sources]
    if found := faults(sources, entries):
        raise SystemExit("\n".join(found))
    data = {"vendors": entries, "authorities": [{"pattern": p, "issuer": i} for p, i in AUTHORITIES]}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
