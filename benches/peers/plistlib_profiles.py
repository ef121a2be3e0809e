#!/usr/bin/env python3
"""Builds and writes, or reads, one SCEP profile COUNT times with plistlib; prints the seconds that took.

usage: plistlib_profiles.py build|read COUNT
"""
import plistlib
import sys
import time
import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "acme.example")


def build(number):
    identifier = f"com.acme.device-{number}"

    def stable(role):
        return str(uuid.uuid5(NAMESPACE, f"{identifier}/{role}/0")).upper()

    return plistlib.dumps({
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": stable(""),
        "PayloadOrganization": "Acme",
        "PayloadDisplayName": "Okta device trust",
        "PayloadContent": [{
            "PayloadType": "com.apple.security.scep",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"{identifier}.scep",
            "PayloadUUID": stable("scep"),
            "PayloadContent": {
                "URL": "https://acme.okta.com/pki/0123/scep/rac0",
                "Challenge": f"challenge-{number}",
                "Subject": [[["CN", "cert"]]],
                "Retries": 3,
                "RetryDelay": 10,
                "Keysize": 2048,
                "Key Type": "RSA",
                "Key Usage": 1,
                "KeyIsExtractable": False,
                "AllowAllAppsAccess": True,
            },
        }],
    })


what, count = sys.argv[1], int(sys.argv[2])
sample = build(0)
start = time.perf_counter()
for number in range(count):
    build(number) if what == "build" else plistlib.loads(sample)
print(time.perf_counter() - start)
