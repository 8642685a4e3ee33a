"""Reads cargo's JSON messages; prints every warning and error of the compiler and of clippy, and fails if there is one."""

import json
import sys

seen = set()
for line in sys.stdin:
    message = json.loads(line)
    if message.get("reason") != "compiler-message":
        continue
    diagnostic = message["message"]
    if diagnostic["level"] in ("warning", "error") and diagnostic["spans"]:
        seen.add(diagnostic["rendered"])
for text in sorted(seen):
    print(text)
print(f"lints: {len(seen)} found" if seen else "lints: none found")
sys.exit(1 if seen else 0)
