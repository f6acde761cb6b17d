"""Sends generated requests to every operation of the running server's OpenAPI document.

Fails on a status 5xx, and on a status, media type, header or body that the document does not describe. Prints one JSON
object: client, version, operation, result, detail. Started by `npm run test:clients`.
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile

URL = os.environ["GIGAROUTER_URL"]
KEY = os.environ["GIGAROUTER_ADMIN_KEY"]
# For each of the operations; with those of the "coverage" phase they are more than 10,000 together.
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "150")
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
]

command = [
    os.path.join(os.path.dirname(sys.executable), "schemathesis"),
    *["run", f"{URL}/openapi.json", "--url", URL, "--header", f"authorization: Bearer {KEY}"],
    *["--checks", ",".join(CHECKS), "--continue-on-failure", "--max-examples", EXAMPLES],
    *["--workers", "2", "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all"],
    *["--no-color", "--warnings", "off", "--generation-database", "none"],
    *sys.argv[1:],
]
# It keeps what it finds where it runs.
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
generated = re.search(r"(\d+) generated", done.stdout)
failures = done.stdout.find("= FAILURES =")
line = {
    "client": "schemathesis",
    "version": importlib.metadata.version("schemathesis"),
    "operation": f"{int(generated[1] if generated else 0):,} generated requests: nothing but what is described",
    "result": "passed" if done.returncode == 0 else "failed",
}
if done.returncode != 0:
    sys.stderr.write(done.stdout)
    # All kinds of failures, then the first of them.
    summary = done.stdout.find("= SUMMARY =")
    first = done.stdout[max(failures, 0) :][:3_000]
    line["detail"] = done.stdout[max(summary, 0) :] + first + done.stderr
print(json.dumps(line))
