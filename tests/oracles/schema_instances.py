#!/usr/bin/env python3
"""Makes profiles with one mistake each from Apple's schema, and says what must be found in them.

usage: schema_instances.py APPLE_DIR CERTIFICATE.pem

For each key of each payload type: a profile with this key and otherwise only what is required ("good"), and one with
the key removed, of another type, out of range and so on ("bad"). One JSON object a line; profiles are binary property
lists in base64. PyYAML reads the schema and plistlib writes the profiles, so that nothing of the Rust crates is in it.
"""
import base64
import datetime
import json
import pathlib
import plistlib
import re
import sys

import yaml

SYSTEMS = ["macOS", "iOS", "tvOS", "watchOS", "visionOS"]
COMPANION = "0B3E6C4A-6D0F-4E43-9C2B-5B6B6F3F7E11"
REFERENCE = re.compile(r"(certificateuuids?|certificateanchoruuid|certpayloaduuid|terminalidentityuuid)(item)?$", re.I)
FORMATS = {
    "^([0-9A-Fa-f]{2}:){5}([0-9A-Fa-f]{2})$": "02:00:00:00:00:01",
    "^https://.*$": "https://example.org/",
    "^([0-9A-Za-z]{6})|([0-9A-Za-z]{9})$": "ABC123",
    "^[0-9]{6}$": "123456",
}
CERTIFICATE_TYPES = {"com.apple.security.root": "der", "com.apple.security.pkcs1": "der", "com.apple.security.pem": "pem"}
# Keys that every profile here has already.
FIXED = ("PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID", "PayloadContent")
ABSENT = object()


class Maker:
    def __init__(self, certificate):
        pem = certificate.read_bytes()
        body = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.S).group(1)
        self.certificate = {"pem": pem, "der": base64.b64decode(body)}

    def leaf(self, key, kind):
        name, type_ = key["key"], key["type"].strip("<>")
        if name == "PayloadContent" and kind in CERTIFICATE_TYPES:
            return self.certificate[CERTIFICATE_TYPES[kind]]
        if key.get("rangelist"):
            return key["rangelist"][0]
        if "range" in key:
            return key["range"].get("min", key["range"].get("max"))
        if type_ == "string":
            if REFERENCE.search(name):
                return COMPANION
            if key.get("format") in FORMATS:
                return FORMATS[key["format"]]
            if "format" in key:
                return COMPANION
            return "https://example.org/" if "URL" in name else "text"
        return {
            "integer": 3,
            "real": 1.5,
            "boolean": True,
            "data": b"\x01",
            "date": datetime.datetime(2099, 1, 2, 3, 4, 5),
            "any": "text",
        }[type_]

    def value(self, key, kind, along=(), last=None):
        """A value for `key`; with the keys of `along` below it, the last of which has the value that `last` gives."""
        if not along and last is not None:
            return last(key)
        if key["type"] == "<array>":
            item = key["subkeys"][0]
            count = item.get("repetition", {}).get("min", 1)
            plain = [self.value(item, kind) for _ in range(count)] if not (along and count == 1) else [None]
            if along:
                plain[0] = self.value(item, kind, along[1:], last)
            return plain
        if key["type"] == "<dictionary>":
            return self.dictionary(below(key), kind, along, last)
        return self.leaf(key, kind)

    def dictionary(self, keys, kind, along=(), last=None):
        made = {real_name(key): self.value(key, kind) for key in keys if key.get("presence") == "required"}
        if along:
            made[real_name(along[0])] = self.value(along[0], kind, along[1:], last)
        return {name: value for name, value in made.items() if value is not ABSENT}


def real_name(key):
    return "example" if key["key"] == "ANY" else key["key"]


def below(key):
    keys = key.get("subkeys") or []
    # The schema has one dictionary too many here; devices take language -> text.
    if len(keys) == 1 and keys[0]["key"] == "ConsentTextItem":
        return keys[0]["subkeys"]
    return keys


def walk(keys, chain=(), holders=()):
    for key in keys:
        yield chain + (key,)
        inner = below(key)
        if inner and not any(inner is holder for holder in holders):
            yield from walk(inner, chain + (key,), holders + (inner,))


def mistakes(chain, selector):
    """Each mistake that can be made with the last key of `chain`: its name, its code, the value that makes it."""
    key, parent = chain[-1], chain[-2] if len(chain) > 1 else None
    name, type_ = key["key"], key["type"].strip("<>")
    in_dictionary = parent is None or parent["type"] == "<dictionary>"
    if in_dictionary and key.get("presence") == "required" and name != "ANY":
        yield "removed", "missing-version" if name == "PayloadVersion" else "missing-key", ABSENT
    if type_ != "any":
        yield "wrong type", "wrong-type", "text" if type_ in ("integer", "real") else 7
    if type_ == "integer":
        yield "real", "real-for-integer", float(key.get("rangelist", [2])[0])
    if type_ == "boolean":
        yield "number", "number-for-boolean", 1
    limits = key.get("range")
    if limits:
        beyond = limits["max"] + 1 if "max" in limits else limits["min"] - 1
        yield "out of range", "out-of-range", beyond
        if "min" in limits and limits["min"] - 1 not in key.get("rangelist", []):
            yield "below range", "out-of-range", limits["min"] - 1
    elif key.get("rangelist") and key is not selector:
        yield "not allowed", "value-not-allowed", "no such value" if type_ == "string" else max(key["rangelist"]) + 1000
    if "format" in key:
        yield "format", "wrong-format", "no such form!"


def target(document, chain):
    """A system that has every key of the chain: the version, and the channel where the payload has an effect."""
    payload = document["payload"].get("supportedOS")
    if payload is None:
        return {"os": "macOS", "version": "99", "channel": "device"}
    for system in SYSTEMS:
        said = [payload.get(system, {})] + [key.get("supportedOS", {}).get(system, {}) for key in chain]
        if any(statement.get("introduced") == "n/a" for statement in said):
            continue
        removed = [statement["removed"] for statement in said if "removed" in statement]
        introduced = [str(statement["introduced"]) for statement in said if "introduced" in statement]
        version = max(introduced, key=lambda text: [int(part) for part in text.split(".")]) if removed else "99"
        channel = "user" if said[0].get("devicechannel") is False else "device"
        return {"os": system, "version": version, "channel": channel}
    return None


def profile(payload, top):
    made = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": "org.example.oracle",
        "PayloadUUID": "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01",
        "PayloadContent": [
            payload,
            {
                "PayloadType": "com.apple.security.pkcs12",
                "PayloadVersion": 1,
                "PayloadIdentifier": "org.example.oracle.companion",
                "PayloadUUID": COMPANION,
                "PayloadContent": b"\x30\x00",
            },
        ],
    }
    made.update(top)
    return {name: value for name, value in made.items() if value is not ABSENT}


def payload_of(kind, own):
    made = {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": "org.example.oracle.subject",
        "PayloadUUID": "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A02",
    }
    made.update(own)
    return {name: value for name, value in made.items() if value is not ABSENT}


def place(chain, prefix):
    path = prefix
    for before, key in zip((None,) + chain, chain):
        if before is not None and before["type"] == "<array>":
            path += "[0]"
        else:
            path += ("." if path else "") + real_name(key)
    return path


def binary(value):
    return base64.b64encode(plistlib.dumps(value, fmt=plistlib.FMT_BINARY)).decode()


def main():
    folder, certificate = map(pathlib.Path, sys.argv[1:3])
    maker = Maker(certificate)
    for path in sorted(folder.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        kind, keys = document["payload"]["payloadtype"], document["payloadkeys"]
        first = keys[0] if keys else None
        # A file whose first required key has one value describes payloads with that value only.
        selector = first if first and len(first.get("rangelist", [])) == 1 and kind == "com.apple.extensiblesso" else None

        def whole(chain, last):
            """The profile with this key; the keys of the profile and of every payload stand elsewhere than the others."""
            if kind in ("TopLevel", "CommonPayloadKeys"):
                own = {}
                if chain and (last is not None or chain[0]["key"] not in FIXED):
                    own = {chain[0]["key"]: maker.value(chain[0], "", chain[1:], last)}
                root = {"PayloadContent": maker.certificate["der"]}
                if kind == "TopLevel":
                    return profile(payload_of("com.apple.security.root", root), own)
                return profile(payload_of("com.apple.security.root", root | own), {})
            return profile(payload_of(kind, maker.dictionary(keys, kind, chain, last)), {})

        prefix = "" if kind == "TopLevel" else "PayloadContent[0]"
        print(json.dumps({"part": path.stem, "what": "minimal", "path": "", "code": None,
                          "target": target(document, ()), "good": binary(whole((), None))}))
        for chain in walk(keys):
            if kind == "TopLevel" and chain[0]["key"] == "PayloadContent" and len(chain) > 1:
                continue
            where = target(document, chain)
            if where is None:  # A key that was introduced on none of the systems that have its payload.
                continue
            good = binary(whole(chain, None))
            for what, code, wrong in mistakes(chain, selector):
                bad = whole(chain, lambda key: wrong)
                print(json.dumps({"part": path.stem, "what": what, "path": place(chain, prefix), "code": code,
                                  "target": where, "good": good, "bad": binary(bad)}))
            count = chain[-1].get("repetition")
            if count:
                more = [maker.value(chain[-1], kind)] * (count["max"] + 1)
                bad = whole(chain[:-1], lambda key: more)
                print(json.dumps({"part": path.stem, "what": "count", "path": place(chain[:-1], prefix),
                                  "code": "wrong-count", "target": where, "good": good, "bad": binary(bad)}))


if __name__ == "__main__":
    main()
