# SPDX-License-Identifier: Apache-2.0
"""schemathesis against the OpenAPI document that the node serves: whatever is asked, no answer is a
fault of the server, and each is what the document says. One seed, so that a submission is not judged
by luck; SKREI_OPENAPI_SEED and SKREI_OPENAPI_EXAMPLES look further."""

import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from node import Node

RUN_SECONDS = 240
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)


class OpenApiTest(unittest.TestCase):
    def test_answers_are_what_the_document_says(self):
        command = [sys.executable, "-m", "schemathesis.cli", "run"]
        command += ["--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing,stateful"]
        command += ["--seed", os.environ.get("SKREI_OPENAPI_SEED", "1")]
        command += ["--max-examples", os.environ.get("SKREI_OPENAPI_EXAMPLES", "40")]
        command += ["--continue-on-failure", "--no-color", "--request-timeout", "15"]
        command += ["--suppress-health-check", "all", "--warnings", "off", "--no-shrink"]
        # Streams without an end are what was asked for, not a fault.
        for stream in ("orchestrator/logs", "orchestrator/watchJobs", "orchestrator/watchJob"):
            command += ["--exclude-operation-id", stream]
        with Node() as node, tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                [*command, f"{node.url}/api/v1/openapi.json"],
                cwd=folder,
                timeout=RUN_SECONDS,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            self.assertEqual(run.returncode, 0, run.stdout[-20000:])
            self.assertTrue(node.is_running())
            with urllib.request.urlopen(f"{node.url}/readyz", timeout=10) as answer:
                self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
