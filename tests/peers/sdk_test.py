# SPDX-License-Identifier: Apache-2.0
"""bacalhau-sdk 1.4.2, unchanged, against a node: put, stop, get, list, executions, history, results.

The SDK prints what goes wrong and returns None; so each answer is looked into.
"""

import base64
import os
import time
import unittest
import urllib.request

from node import Node

END_SECONDS = 60
ENDED = ("Completed", "Failed", "Stopped")


def wasm_job(module, name="", **more):
    """A job as the SDK takes it: a dict, for the model classes of 1.4.1 lack fields of v1."""
    with open(os.path.join(os.environ["SKREI_TEST_MODULES_DIR"], module), "rb") as file:
        data = base64.b64encode(file.read()).decode()
    url = f"data:application/wasm;base64,{data}"
    task = {
        "Name": "main",
        "Engine": {"Type": "wasm", "Params": {"EntryModule": "/main.wasm", "Entrypoint": "_start"}},
        "InputSources": [
            {"Source": {"Type": "inline", "Params": {"URL": url}}, "Target": "/main.wasm"}
        ],
        "Publisher": {"Type": "ipfs"},
    }
    return {"Name": name, "Type": "batch", "Count": 1, "Tasks": [task], **more}


class SdkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.enterClassContext(cls.node)
        os.environ["BACALHAU_API_HOST"] = cls.node.host
        os.environ["BACALHAU_API_PORT"] = str(cls.node.port)
        os.environ["BACALHAU_DIR"] = cls.node.data_dir
        from bacalhau_sdk.jobs import Jobs

        cls.jobs = Jobs()

    def put(self, job, **more):
        from bacalhau_apiclient.models.api_put_job_request import ApiPutJobRequest

        answer = self.jobs.put(ApiPutJobRequest(job=job, **more))
        self.assertIsNotNone(answer)
        self.assertTrue(answer.job_id.startswith("j-"), answer)
        self.assertTrue(answer.evaluation_id, answer)
        return answer.job_id

    def ended(self, job_id):
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            job = self.jobs.get(job_id).job
            if job.state.state_type in ENDED:
                return job
            time.sleep(0.05)
        self.fail(f"{job_id} has not ended within {END_SECONDS} s: {job.state}")

    def test_a_job_from_put_to_results(self):
        job_id = self.put(wasm_job("env.wasm", name="from-the-sdk"))

        job = self.ended(job_id)

        self.assertEqual(job.state.state_type, "Completed", job.state)
        self.assertEqual((job.id, job.name, job.namespace), (job_id, "from-the-sdk", "default"))
        self.assertEqual(job.tasks[0].engine.type, "wasm")
        executions = self.jobs.executions(job_id).items
        self.assertEqual(len(executions), 1)
        self.assertEqual(executions[0].job_id, job_id)
        self.assertEqual(executions[0].run_output.exit_code, 0)
        self.assertIn(f"SKREI_JOB_ID={job_id}", executions[0].run_output.stdout)
        results = self.jobs.results(job_id).items
        self.assertEqual(len(results), 1)
        cid = results[0].params["CID"]
        with urllib.request.urlopen(f"{self.node.url}/api/v1/content/{cid}?path=stdout") as file:
            self.assertIn(job_id.encode(), file.read())

    def test_get_includes_executions_and_history(self):
        job_id = self.put(wasm_job("env.wasm"))
        self.ended(job_id)

        answer = self.jobs.get(job_id, include="executions,history")

        self.assertEqual(len(answer.executions.items), 1)
        self.assertGreater(len(answer.history.items), 2)

    def test_history_of_executions(self):
        job_id = self.put(wasm_job("env.wasm"))
        self.ended(job_id)

        items = self.jobs.history(job_id).items

        self.assertGreater(len(items), 1)
        self.assertEqual({item.type for item in items}, {"ExecutionLevel"})
        self.assertEqual({item.job_id for item in items}, {job_id})
        self.assertTrue(all(item.event.message for item in items), items)

    def test_list_pages_through_all_jobs(self):
        put = {self.put(wasm_job("env.wasm")) for _ in range(7)}

        seen, token = set(), ""
        for _ in range(100):
            page = self.jobs.list(limit=3, next_token=token)
            self.assertLessEqual(len(page.items), 3)
            ids = {job.id for job in page.items}
            self.assertFalse(ids & seen, "a page repeats jobs of an earlier one")
            seen |= ids
            token = page.next_token
            if not token:
                break

        self.assertEqual(token, "")
        self.assertLessEqual(put, seen)
        self.assertEqual(self.jobs.list(limit=1, reverse=True).items[0].id in seen, True)

    def test_stop_ends_a_job_that_waits(self):
        constraint = {"Key": "zone", "Operator": "=", "Values": ["nowhere"]}
        job = wasm_job("env.wasm", Constraints=[constraint])
        job["Tasks"][0]["Timeouts"] = {"QueueTimeout": 3600}
        job_id = self.put(job)

        answer = self.jobs.stop(job_id, reason="not wanted")

        self.assertTrue(answer.evaluation_id, answer)
        self.assertEqual(self.ended(job_id).state.state_type, "Stopped")

    def test_an_idempotency_token_gives_the_first_answer_again(self):
        job = wasm_job("env.wasm")

        first = self.put(job, idempotency_token="sdk-1")

        self.assertEqual(self.put(job, idempotency_token="sdk-1"), first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
