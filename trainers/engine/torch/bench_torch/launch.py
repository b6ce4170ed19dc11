"""Starts the processes that compute one model together, as torchrun does, and says how the first of them failed."""

import os
import signal
import sys
import uuid

# Read when these are imported: what they would log of a failure is said below, in the last words.
os.environ.setdefault("LOGLEVEL", "CRITICAL")

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch


def main(count: int, *words: str) -> None:
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        monitor_interval=0.1,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "bench_torch", *words)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        code = failure.exitcode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        trace = failure.message.get("extraInfo", {}).get("py_callstack") if isinstance(failure.message, dict) else None
        sys.exit(f"{trace or ''}\nProcess {rank + 1} of {count} {how}".strip())


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
