#!/usr/bin/env python3
"""Checks a configuration profile against Apple's schema, read straight from Apple's YAML.

usage: apple_schema.py APPLE_DIR PROFILE [--beyond TYPE:KEY ...]

Independent of the Rust crates on purpose: plistlib reads the profile, PyYAML reads the schema. Prints one finding a
line and exits 1 if there is any. --beyond names keys that the profile carries although Apple's schema lacks them.
"""
import argparse
import datetime
import pathlib
import plistlib
import sys

import yaml

TYPES = {
    "<string>": str,
    "<integer>": int,
    "<boolean>": bool,
    "<data>": bytes,
    "<date>": datetime.datetime,
    "<real>": float,
    "<array>": list,
    "<dictionary>": dict,
}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


class Schema:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.top = load(folder / "TopLevel.yaml")["payloadkeys"]
        self.common = load(folder / "CommonPayloadKeys.yaml")["payloadkeys"]
        self.payloads = {}
        for path in sorted(folder.glob("*.yaml")):
            document = load(path)
            kind = (document.get("payload") or {}).get("payloadtype")
            if kind and path.stem not in ("TopLevel", "CommonPayloadKeys"):
                self.payloads.setdefault(kind, []).append(document)

    def on_macos(self, kind):
        return any("macOS" in d["payload"]["supportedOS"] for d in self.payloads[kind])


def right_type(name, value):
    wanted = TYPES.get(name)
    if wanted is None:  # <any>
        return True
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


# Apple's errata: each of these may be a text or a list of texts, which the schema cannot say.
TEXT_OR_TEXTS = {"rfc822Name", "dNSName", "uniformResourceIdentifier"}


def check_dictionary(keys, value, path, findings, beyond, open_ended=False):
    known = {key["key"]: key for key in keys}
    for name, key in known.items():
        if key.get("presence") == "required" and name not in value:
            findings.append(f"{path}: required key {name} is missing")
    for name, entry in value.items():
        if name in known:
            check_value(known[name], entry, f"{path}.{name}", findings, beyond)
        elif name not in beyond and not open_ended:
            findings.append(f"{path}: key {name} is not in Apple's schema")


def check_value(key, value, path, findings, beyond):
    if key["key"] in TEXT_OR_TEXTS and isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            findings.append(f"{path}: not a list of texts")
        return
    if not right_type(key["type"], value):
        findings.append(f"{path}: {type(value).__name__} where {key['type']} is due")
        return
    if "rangelist" in key and value not in key["rangelist"]:
        findings.append(f"{path}: {value!r} is not in {key['rangelist']}")
    limits = key.get("range") or {}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "min" in limits and value < limits["min"] or "max" in limits and value > limits["max"]:
            findings.append(f"{path}: {value!r} is outside {limits}")
    subkeys = key.get("subkeys") or []
    if isinstance(value, dict) and subkeys:
        check_dictionary(subkeys, value, path, findings, beyond)
    if isinstance(value, list) and subkeys:
        for index, item in enumerate(value):
            check_value(subkeys[0], item, f"{path}[{index}]", findings, beyond)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("apple")
    parser.add_argument("profile")
    parser.add_argument("--beyond", action="append", default=[])
    arguments = parser.parse_args()
    schema = Schema(arguments.apple)
    with open(arguments.profile, "rb") as file:
        profile = plistlib.load(file)

    findings = []
    check_dictionary(schema.top, {k: v for k, v in profile.items() if k != "PayloadContent"} | {"PayloadContent": []},
                     "profile", findings, set())
    payloads = profile.get("PayloadContent", [])
    common_names = {key["key"] for key in schema.common}
    for index, payload in enumerate(payloads):
        kind = payload.get("PayloadType")
        path = f"PayloadContent[{index}]({kind})"
        check_dictionary(schema.common, {k: v for k, v in payload.items() if k in common_names}, path, findings, set())
        if kind not in schema.payloads:
            findings.append(f"{path}: no such payload type in Apple's schema")
            continue
        if not schema.on_macos(kind):
            findings.append(f"{path}: not for macOS")
        beyond = {entry.partition(":")[2] for entry in arguments.beyond if entry.startswith(f"{kind}:")}
        keys = [key for document in schema.payloads[kind] for key in document["payloadkeys"]]
        own = {k: v for k, v in payload.items() if k not in common_names or k == "PayloadContent"}
        check_dictionary(keys, own, path, findings, beyond)
    identifiers = [payload.get("PayloadIdentifier") for payload in payloads]
    if len(set(identifiers)) != len(identifiers):
        findings.append("payload identifiers are not unique")
    uuids = [profile.get("PayloadUUID")] + [payload.get("PayloadUUID") for payload in payloads]
    if len(set(uuids)) != len(uuids):
        findings.append("UUIDs are not unique")
    print("\n".join(findings) or f"ok: {len(payloads)} payloads")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
