#!/usr/bin/env python3
"""Reads a property list with plistlib and writes it again.

usage: plist_rewrite.py IN OUT xml|binary
"""
import plistlib
import sys

source, target, form = sys.argv[1:]
with open(source, "rb") as file:
    value = plistlib.load(file)
formats = {"xml": plistlib.FMT_XML, "binary": plistlib.FMT_BINARY}
with open(target, "wb") as file:
    plistlib.dump(value, file, fmt=formats[form])
