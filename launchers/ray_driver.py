"""Carries out a job of bench on Ray: one task a cell. Runs as a Ray job; needs nothing but `ray`.

BENCH_JOB in the environment is JSON: command, parallel, cpus, gpus, memoryBytes, timeoutSeconds, retries. Cells that
were given up are printed as lines of JSON: {"lost": cell, "reason": text}.
"""

import json
import os
import queue
import subprocess
import threading

import ray

job = json.loads(os.environ["BENCH_JOB"])
DEAD = "its worker ended"


class Died(Exception):
    """A worker ended before its cell: Ray tries the task again."""


class Worker:
    """A process of bench on this machine, kept from cell to cell. It ends with its input, so with this process."""

    def __init__(self):
        self.gpus = os.environ.get("CUDA_VISIBLE_DEVICES")
        self.process = subprocess.Popen(job["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def fits(self):
        return self.process.poll() is None and self.gpus == os.environ.get("CUDA_VISIBLE_DEVICES")

    def carry(self, cell):
        try:
            self.process.stdin.write(cell + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Died(DEAD) from None
        try:
            line = self.lines.get(timeout=job.get("timeoutSeconds"))
        except queue.Empty:
            self.end()
            return f"it took more than {job['timeoutSeconds']} seconds"
        if line is None:
            raise Died(f"{DEAD} with code {self.process.wait()}")
        return None

    def end(self):
        self.process.kill()
        self.process.wait()


worker = None


@ray.remote(max_retries=job["retries"], retry_exceptions=[Died])
def carry(cell):
    global worker
    if worker is not None and not worker.fits():
        worker.end()
        worker = None
    if worker is None:
        worker = Worker()
    return worker.carry(cell)


def lost(cell, reason):
    print(json.dumps({"lost": cell, "reason": reason}), flush=True)


def main():
    listing = subprocess.Popen([*job["command"], "--list"], stdout=subprocess.PIPE, text=True)  # while Ray connects
    ray.init(address="auto", log_to_driver=False)
    waiting = listing.communicate()[0].split()[::-1]
    if listing.returncode != 0:
        raise subprocess.CalledProcessError(listing.returncode, listing.args)
    resources = {"num_cpus": job["cpus"], "num_gpus": job["gpus"]}
    if "memoryBytes" in job:
        resources["memory"] = job["memoryBytes"]
    running = {}
    while waiting or running:
        while waiting and len(running) < job["parallel"]:
            cell = waiting.pop()
            running[carry.options(**resources).remote(cell)] = cell
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            cell = running.pop(reference)
            try:
                reason = ray.get(reference)
            except Exception as error:
                reason = str(error.cause) if isinstance(error, ray.exceptions.RayTaskError) else str(error).split("\n")[0]
            if reason is not None:
                lost(cell, reason)


main()
