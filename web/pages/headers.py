"""The headers of every page: nothing is loaded from elsewhere, framed, kept, indexed, or told to the next site."""

from collections.abc import Mapping

STRICT_CSP: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
"""Every form of ours is sent by a script, so none may be sent without: an address would end up in a URL and in logs."""

PERMISSIONS = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)


def page_headers(changes: Mapping[str, str] | None = None, features: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of a page. `changes` are directives that its Content-Security-Policy has otherwise.

    `features` are what of the device it may use, and who may there (w3.org/TR/permissions-policy).
    """
    policy = {**STRICT_CSP, **(changes or {})}
    permissions = {**dict.fromkeys(PERMISSIONS, "()"), **(features or {})}
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}={who}" for feature, who in permissions.items()),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
