#!/usr/bin/env python3
"""Prints every fact of Apple's profile schema, one JSON object a line: each part of a payload type, then its keys.

usage: schema_facts.py APPLE_DIR

A second reading of the YAML, independent of the Rust generator: PyYAML resolves aliases to one and the same object,
so that a key that contains itself is found by identity.
"""
import json
import pathlib
import sys

import yaml

SYSTEMS = ["iOS", "macOS", "tvOS", "visionOS", "watchOS"]
FLAGS = {
    "supervised": "supervised",
    "requiresdep": "requires_dep",
    "userapprovedmdm": "user_approved_mdm",
    "allowmanualinstall": "manual_install",
    "multiple": "multiple",
    "devicechannel": "device_channel",
    "userchannel": "user_channel",
}


def version(text):
    numbers = [int(number) for number in str(text).split(".")]
    return (numbers + [0, 0])[:3]


def availability(stated, above):
    """What holds on one system: `stated` in the schema's own words, put over `above`."""
    now = dict(above)
    for name, value in (stated or {}).items():
        if name == "introduced":
            now["exists"] = value != "n/a"
            now["introduced"] = None if value in ("n/a", "all") else version(value)
        elif name in ("deprecated", "removed"):
            now[name] = version(value)
        elif name in FLAGS:
            now[FLAGS[name]] = value
        elif name == "userenrollment":
            now["user_enrollment"] = value.get("mode", above.get("user_enrollment"))
        elif name == "sharedipad":
            for inner, slot in (
                ("mode", "shared_ipad"),
                ("devicechannel", "shared_ipad_device_channel"),
                ("userchannel", "shared_ipad_user_channel"),
            ):
                if inner in value:
                    now[slot] = value[inner]
        else:
            raise SystemExit(f"unknown statement {name}")
    return now


def on_all(supported, above):
    return {system: availability((supported or {}).get(system), above[system]) for system in SYSTEMS}


def said(systems):
    return {
        system: {name: value for name, value in facts.items() if value is not None}
        for system, facts in systems.items()
    }


def limits(value):
    if value is None:
        return None
    return [None if value.get(end) is None else float(value[end]) for end in ("min", "max")]


def keys(listed, part, path, above, holders):
    for key in listed:
        here = path + [key["key"]]
        systems = on_all(key.get("supportedOS"), above)
        below = key.get("subkeys")
        recursion = next((holder for known, holder in holders if known is below), None) if below else None
        yield {
            **part,
            "path": "/".join(here),
            "kind": key["type"].strip("<>"),
            "presence": key.get("presence"),
            "default": key.get("default"),
            "allowed": key.get("rangelist", []),
            "range": limits(key.get("range")),
            "count": limits(key.get("repetition")),
            "format": key.get("format"),
            "subtype": key.get("subtype"),
            "subkey_type": key.get("subkeytype"),
            "stated": [system for system in SYSTEMS if system in (key.get("supportedOS") or {})],
            "availability": said(systems),
            "recursion": "/".join(recursion) if recursion else None,
        }
        if below and not recursion:
            yield from keys(below, part, here, systems, holders + [(below, here)])


def main():
    nothing = {system: {"exists": True} for system in SYSTEMS}
    for path in pathlib.Path(sys.argv[1]).glob("*.yaml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        payload = document["payload"]
        part = {"type": payload["payloadtype"], "part": path.stem}
        systems = on_all(payload.get("supportedOS"), nothing)
        print(json.dumps({**part, "availability": said(systems)}))
        for fact in keys(document["payloadkeys"], part, [], systems, []):
            print(json.dumps(fact))


if __name__ == "__main__":
    main()
