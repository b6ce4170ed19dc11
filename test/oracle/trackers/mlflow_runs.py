"""Prints the runs of an MLflow store as JSON: python mlflow_runs.py URI."""

import json
import sys

from mlflow import MlflowClient

client = MlflowClient(tracking_uri=sys.argv[1])
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        history = {
            name: [[metric.step, metric.value] for metric in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        runs.append(
            {
                "experiment": experiment.name,
                "id": run.info.run_id,
                "name": run.info.run_name,
                "status": run.info.status,
                "start": run.info.start_time,
                "end": run.info.end_time,
                "parameters": run.data.params,
                "tags": {name: value for name, value in run.data.tags.items() if name.startswith("bench.")},
                "metrics": history,
                "artifacts": sorted(entry.path for entry in client.list_artifacts(run.info.run_id)),
            }
        )
print(json.dumps(runs))
