#!/usr/bin/env python3
"""Prints a property list as JSON, as plistlib reads it. Data comes as {"data": hex}, dates as {"date": ISO 8601}.

usage: plist_values.py FILE
"""
import datetime
import json
import plistlib
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
    return value


with open(sys.argv[1], "rb") as file:
    json.dump(plain(plistlib.load(file)), sys.stdout, indent=1, sort_keys=True)
