#!/usr/bin/env python3
"""Prints a property list as JSON, as plistlib reads it. Data comes as {"data": hex}, dates as {"date": ISO 8601}, reals
as {"real": the hexadecimal digits of their eight bytes}.

usage: plist_values.py FILE
"""
import datetime
import json
import plistlib
import struct
import sys


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, bytes):
        return {"data": value.hex()}
    if isinstance(value, datetime.datetime):
        return {"date": value.isoformat()}
    if isinstance(value, float):
        return {"real": struct.pack(">d", value).hex()}
    return value


with open(sys.argv[1], "rb") as file:
    json.dump(plain(plistlib.load(file)), sys.stdout, indent=1, sort_keys=True)
