"""Prints what TensorBoard reads below a directory as JSON: python tensorboard_runs.py DIRECTORY."""

import json
import sys

from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util



def has(accumulator, plugin):
    try:
        return bool(accumulator.PluginTagToContent(plugin))
    except KeyError:
        return False


everything = {"scalars": 0, "tensors": 0}  # keep all points
multiplexer = EventMultiplexer(size_guidance=everything, tensor_size_guidance={"scalars": 0, "text": 0})
multiplexer.AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()
runs = {}
for run in multiplexer.Runs():
    accumulator = multiplexer.GetAccumulator(run)
    scalars = accumulator.PluginTagToContent("scalars") if has(accumulator, "scalars") else {}
    hparams = accumulator.PluginTagToContent("hparams")
    start = metadata.parse_session_start_info_plugin_data(hparams[metadata.SESSION_START_INFO_TAG])
    end = metadata.parse_session_end_info_plugin_data(hparams[metadata.SESSION_END_INFO_TAG])
    text = [tag for tag in accumulator.PluginTagToContent("text")]
    runs[run] = {
        "scalars": {
            tag: [[event.step, float(tensor_util.make_ndarray(event.tensor_proto))] for event in accumulator.Tensors(tag)]
            for tag in scalars
        },
        "parameters": {
            name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()
        },
        "times": [start.start_time_secs, end.end_time_secs],
        "status": end.status,
        "text": {
            tag: tensor_util.make_ndarray(accumulator.Tensors(tag)[0].tensor_proto).tolist()[0].decode() for tag in text
        },
    }
print(json.dumps(runs))
