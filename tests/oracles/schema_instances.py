#!/usr/bin/env python3
"""Makes profiles from Apple's schema, and says what must be found in them.

usage: schema_instances.py APPLE_DIR CERTIFICATE.pem

One JSON object a line; profiles are binary property lists in base64. A line with "good" is a profile with one key of one
payload type and otherwise only what is required, and the target where it is at home: a system, version and channel that
have every key of it, none deprecated. The lines with "bad" that follow are the same profile with one mistake: a key
removed, of each other type, out of range and so on. PyYAML reads the schema and plistlib writes the profiles, so that
nothing of the Rust crates is in it.
"""
import base64
import copy
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
SECRET = re.compile(r"password|passphrase|passcode|secret|challenge|token|privatekey|apikey", re.I)
FORMATS = {
    "^([0-9A-Fa-f]{2}:){5}([0-9A-Fa-f]{2})$": "02:00:00:00:00:01",
    "^https://.*$": "https://example.org/",
    "^([0-9A-Za-z]{6})|([0-9A-Za-z]{9})$": "ABC123",
    "^[0-9]{6}$": "123456",
}
CERTIFICATE_TYPES = {"com.apple.security.root": "der", "com.apple.security.pkcs1": "der", "com.apple.security.pem": "pem"}
# Keys that every profile here has already.
FIXED = ("PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID", "PayloadContent")
# One value of each type of a property list.
VALUES = {
    "string": "text",
    "integer": 7,
    "boolean": True,
    "real": 1.5,
    "data": b"\x01",
    "date": datetime.datetime(2099, 1, 2, 3, 4, 5),
    "array": [],
    "dictionary": {},
}
# Apple's errata: each of these may be a text or a list of texts, which the schema cannot say.
TEXT_OR_TEXTS = {"rfc822Name", "dNSName", "uniformResourceIdentifier"}
SSO = "com.apple.extensiblesso"
TCC = "com.apple.TCC.configuration-profile-policy"
ACME = "com.apple.security.acme"
# Values that fit the others which a minimal instance has, by what the texts of the schema say; secrets that no name tells.
CHOSEN = {
    (ACME, "KeySize"): 2048,
    (ACME, "HardwareBound"): False,
    (ACME, "Attest"): False,
    (ACME, "ClientIdentifier"): "${SECRET}",
    ("com.apple.relay.managed", "ANY"): "${SECRET}",
    (TCC, "Authorization"): "Deny",
    (TCC, "Allowed"): False,
    ("com.apple.associated-domains", "AssociatedDomain"): "webcredentials:example.org",
}
# Payload type, the dictionary in which it is, a key, its value (None: any), the keys that its text requires beside it.
NEEDS = [
    ("com.apple.dnsSettings.managed", "DNSSettings", "DNSProtocol", "HTTPS", ["ServerURL"]),
    ("com.apple.vpn.managed", "Proxies", "HTTPProxy", None, ["HTTPPort"]),
    ("com.apple.vpn.managed", "Proxies", "HTTPSProxy", None, ["HTTPSPort"]),
    ("com.apple.proxy.http.global", None, "ProxyType", "Manual", ["ProxyServer", "ProxyServerPort"]),
]
ABSENT = object()


def bare(key):
    return key["type"].strip("<>")


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


def steps(chain):
    """Names and indices from the payload to the last key of `chain`."""
    made = []
    for before, key in zip((None,) + chain, chain):
        made.append(0 if before is not None and bare(before) == "array" else real_name(key))
    return made


def place(way):
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).lstrip(".")


def put(holder, way, value):
    """`holder` with `value` at the end of `way`, or with nothing there."""
    holder = copy.deepcopy(holder)
    inner = holder
    for step in way[:-1]:
        inner = inner[step]
    if value is ABSENT:
        del inner[way[-1]]
    else:
        inner[way[-1]] = value
    return holder


class Maker:
    """Makes one payload and remembers which keys of the schema it used."""

    def __init__(self, certificate, kind, keys):
        self.certificate, self.kind, self.keys = certificate, kind, keys
        self.used, self.needed = [], []

    def leaf(self, key):
        name, type_ = key["key"], bare(key)
        if name == "PayloadContent" and self.kind in CERTIFICATE_TYPES:
            return self.certificate[CERTIFICATE_TYPES[self.kind]]
        if (self.kind, name) in CHOSEN:
            return CHOSEN[self.kind, name]
        if key.get("rangelist"):
            return key["rangelist"][0]
        if "range" in key:
            return key["range"].get("min", key["range"].get("max"))
        if type_ == "string":
            if REFERENCE.search(name):
                return COMPANION
            if SECRET.search(name):
                return "${SECRET}"
            if key.get("format") in FORMATS:
                return FORMATS[key["format"]]
            if "format" in key:
                return COMPANION
            return "https://example.org/" if "URL" in name else "text"
        return "text" if type_ == "any" else VALUES[type_]

    def value(self, key, along=()):
        """A value for `key`, with the keys of `along` in it."""
        self.used.append(key)
        if bare(key) == "array":
            item = key["subkeys"][0]
            count = item.get("repetition", {}).get("min", 1)
            return [self.value(item, along[1:] if index == 0 else ()) for index in range(count)]
        if bare(key) == "dictionary":
            return self.dictionary(below(key), along)
        return self.leaf(key)

    def dictionary(self, keys, along=()):
        made = {real_name(key): self.value(key) for key in keys if key.get("presence") == "required"}
        if along:
            made[real_name(along[0])] = self.value(along[0], along[1:])
        return made

    def payload(self, chain):
        made = self.dictionary(self.keys, chain)
        self.complete(made, chain)
        return made

    def complete(self, made, chain):
        """Adds what the texts of the schema require beside what is there."""
        names = {key["key"] for key in chain}
        general_sso = self.kind == SSO and any(key["key"] == "PlatformSSO" for key in self.keys)
        if general_sso:
            platform = made.get("PlatformSSO", {})
            redirects = bool(names & {"URLs", "PlatformSSO", "RegistrationToken"})
            made["Type"] = "Redirect" if redirects else "Credential"
            wanted = ["URLs"] if redirects else ["Realm", "Hosts"]
            for name in ["TeamIdentifier"] + wanted:
                self.give(made, self.keys, (), name)
            if "RegistrationToken" in names:
                inner = self.give(made, self.keys, (), "PlatformSSO", needed=False)
                self.give(inner, self.find(self.keys, "PlatformSSO")["subkeys"], ("PlatformSSO",), "AuthenticationMethod")
            if names & {"EnableCreateUserAtLogin", "EnableAuthorization"}:
                inner = self.find(self.keys, "PlatformSSO")["subkeys"]
                platform["UseSharedDeviceKeys"] = self.value(self.find(inner, "UseSharedDeviceKeys"))
        elif self.kind == SSO:
            # So that it is right for any extension, when it is not known as that for Kerberos.
            self.give(made, self.keys, (), "Hosts", needed=False)
        elif self.kind == TCC:
            services = self.find(self.keys, "Services")["subkeys"]
            for service, rules in made.get("Services", {}).items():
                rule = self.find(services, service)["subkeys"][0]["subkeys"]
                way = ("Services", service, 0)
                for name in [] if "Allowed" in rules[0] else ["Authorization"]:
                    self.give(rules[0], rule, way, name)
                receiver = ["AEReceiverIdentifier", "AEReceiverIdentifierType", "AEReceiverCodeRequirement"]
                for name in receiver if service == "AppleEvents" else []:
                    self.give(rules[0], rule, way, name)
        for kind, within, name, value, needed in NEEDS:
            holder, keys, way = made, self.keys, ()
            if kind == self.kind and within is not None:
                holder, keys, way = made.get(within, {}), self.find(self.keys, within)["subkeys"], (within,)
            if kind == self.kind and name in holder and value in (None, holder[name]):
                for other in needed:
                    self.give(holder, keys, way, other)

    @staticmethod
    def find(keys, name):
        return next(key for key in keys if key["key"] == name)

    def give(self, holder, keys, way, name, needed=True):
        if name not in holder:
            holder[name] = self.value(self.find(keys, name))
        if needed:
            self.needed.append(way + (name,))
        return holder[name]


def home(document, used):
    """A system, version and channel that have every key used and none of them deprecated; else those where fewest are."""
    payload = document["payload"].get("supportedOS")
    if payload is None:
        return {"os": "macOS", "version": "99", "channel": "device"}
    best = None
    for rank, system in enumerate(SYSTEMS):
        said = [payload.get(system, {"introduced": "n/a"})]
        said += [key["supportedOS"][system] for key in used if system in key.get("supportedOS", {})]
        numbers = lambda name: [
            [int(part) for part in str(statement[name]).split(".")]
            for statement in said
            if str(statement.get(name, "n/a"))[0].isdigit()
        ]
        ends = numbers("deprecated") + numbers("removed")
        first = max(numbers("introduced"), default=[1])
        version = first if ends else [99]
        channel = "user" if any(statement.get("devicechannel") is False for statement in said) else "device"
        lacking = sum(statement.get("introduced") == "n/a" for statement in said)
        lacking += sum(end <= version for end in ends)
        lacking += 100 * (said[0].get("introduced") == "n/a")
        if best is None or lacking < best[0]:
            text = ".".join(map(str, version))
            best = lacking, {"os": system, "version": text, "channel": channel}
    return best[1]


def wrong_types(key):
    """Each other type: what is wrong, its code, what follows the path, the value."""
    type_ = bare(key)
    if type_ == "any":
        return
    for other, value in VALUES.items():
        if other == type_ or (type_, other) == ("real", "integer"):  # An integer is a real.
            continue
        if other == "array" and key["key"] in TEXT_OR_TEXTS:
            yield f"{other} of integers", "wrong-type", [0], [7]
        else:
            yield other, "wrong-type", [], value
    if type_ == "integer":
        yield "whole real", "real-for-integer", [], float(key.get("rangelist", [2])[0])
    if type_ == "boolean":
        yield "number 0", "number-for-boolean", [], 0
        yield "number 1", "number-for-boolean", [], 1


def beyond(key, selector):
    """Each value of the right type that is not allowed: what is wrong, its code, the value."""
    limits, allowed = key.get("range"), key.get("rangelist", [])
    if limits:
        if "max" in limits:
            yield "above range", "out-of-range", limits["max"] + 1
        if "min" in limits:
            below = limits["min"] - 1
            while below in allowed:  # As 0 for never, below 1 to 180 minutes.
                below -= 1
            yield "below range", "out-of-range", below
    elif allowed and key is not selector:
        other = "no such value" if bare(key) == "string" else max(allowed) + 1000
        yield "not allowed", "value-not-allowed", other
    if "format" in key:
        yield "format", "wrong-format", "no such form!"


def whole(payload, top):
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
    if "EncryptedPayloadContent" in top:
        del made["PayloadContent"]
    return made


def payload_of(kind, own):
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": "org.example.oracle.subject",
        "PayloadUUID": "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A02",
        **own,
    }


def say(**line):
    for name in ("good", "bad"):
        if name in line:
            line[name] = base64.b64encode(plistlib.dumps(line[name], fmt=plistlib.FMT_BINARY)).decode()
    print(json.dumps(line))


class File:
    """One of Apple's files: all of its instances and their mistakes."""

    def __init__(self, path, certificate):
        self.part, self.certificate = path.stem, certificate
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.kind, self.keys = self.document["payload"]["payloadtype"], self.document["payloadkeys"]
        self.shared = self.kind in ("TopLevel", "CommonPayloadKeys")
        self.way = [] if self.kind == "TopLevel" else ["PayloadContent", 0]
        first = self.keys[0] if self.keys else {}
        # Such a file describes payloads with this value only: with another, another file is meant.
        self.selector = first if len(first.get("rangelist", [])) == 1 and self.kind == SSO else None
        self.reported = set()

    def instance(self, chain):
        maker = Maker(self.certificate, "" if self.shared else self.kind, self.keys)
        if not self.shared:
            return whole(payload_of(self.kind, maker.payload(chain)), {}), maker
        own = {}
        if chain and chain[0]["key"] not in FIXED:
            own = {chain[0]["key"]: maker.value(chain[0], chain[1:])}
        root = {"PayloadContent": self.certificate["der"]}
        if self.kind == "TopLevel":
            return whole(payload_of("com.apple.security.root", root), own), maker
        return whole(payload_of("com.apple.security.root", root | own), {}), maker

    def run(self):
        self.check(())
        for chain in walk(self.keys):
            # Payloads are checked by the files on their types.
            if not (self.kind == "TopLevel" and chain[0]["key"] == "PayloadContent" and len(chain) > 2):
                self.check(chain)

    def check(self, chain):
        good, maker = self.instance(chain)
        way = self.way + steps(chain)
        say(part=self.part, type=self.kind, path=place(way), good=good, target=home(self.document, maker.used))
        if chain:
            for what, code, after, value in self.mistakes(chain):
                self.bad(what, code, way + after, put(good, way, value))
            count = chain[-1].get("repetition")
            if count:
                item = way[:-1]
                for size in {count["min"] - 1, count["max"] + 1}:
                    wrong = [maker.value(chain[-1]) for _ in range(size)]
                    self.bad("count", "wrong-count", item, put(good, item, wrong))
        for needed in maker.needed:
            if needed not in self.reported:
                self.reported.add(needed)
                way = self.way + list(needed)
                severity = "warning" if (self.kind, needed) == (SSO, ("Realm",)) else "error"
                self.bad("needed", "conditional-key-missing", way, put(good, way, ABSENT), severity)

    def mistakes(self, chain):
        key, parent = chain[-1], chain[-2] if len(chain) > 1 else None
        in_dictionary = parent is None or bare(parent) == "dictionary"
        if in_dictionary and key.get("presence") == "required" and key["key"] != "ANY":
            code = "missing-version" if key["key"] == "PayloadVersion" else "missing-key"
            yield "removed", code, [], ABSENT
        for what, code, after, value in wrong_types(key):
            yield what, code, after, value
        for what, code, value in beyond(key, self.selector):
            yield what, code, [], value

    @staticmethod
    def bad(what, code, way, profile, severity=None):
        say(what=what, code=code, path=place(way), bad=profile, severity=severity)


def main():
    folder, certificate = map(pathlib.Path, sys.argv[1:3])
    pem = certificate.read_bytes()
    body = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.S).group(1)
    certificates = {"pem": pem, "der": base64.b64decode(body)}
    for path in sorted(folder.glob("*.yaml")):
        File(path, certificates).run()


if __name__ == "__main__":
    main()
