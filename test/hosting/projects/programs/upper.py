#!/usr/bin/env python3
import json, sys

def tell(line):
    print(json.dumps(line), flush=True)

for text in sys.stdin:
    line = json.loads(text)
    if line["type"] == "hello":
        tell({"type": "agents", "protocol": 1, "agents": [
            {"id": "upper", "description": "Writes in capitals."}]})
    elif line["type"] == "run":
        for word in line["text"].split():
            tell({"type": "output", "run": line["run"], "output": word.upper() + " "})
        tell({"type": "end", "run": line["run"]})
    elif line["type"] == "stop":
        break
