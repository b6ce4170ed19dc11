"""Personalized PageRank by igraph (PRPACK) on the graph that `bench:memory` wrote: prints JSON with the wall and CPU
times of each query in milliseconds and writes the scores as float64 next to the graph. Needs python-igraph and numpy."""

import json
import sys
import time

import igraph
import numpy

directory, nodes, damping = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
edges = numpy.fromfile(f"{directory}/edges.i32", dtype=numpy.int32).reshape(-1, 2)
weights = numpy.fromfile(f"{directory}/weights.f64")
seeds = numpy.fromfile(f"{directory}/seeds.f64").reshape(-1, nodes)
started = time.perf_counter()
graph = igraph.Graph(n=nodes, edges=edges, directed=False)
graph.es["weight"] = weights
built = time.perf_counter() - started
times, processor, scores = [], [], []
for reset in seeds:
    started, used = time.perf_counter(), time.process_time()
    found = graph.personalized_pagerank(
        directed=False, damping=damping, weights="weight", reset=reset, implementation="prpack"
    )
    times.append(1000 * (time.perf_counter() - started))
    processor.append(1000 * (time.process_time() - used))
    scores.append(found)
numpy.array(scores).tofile(f"{directory}/scores.f64")
print(json.dumps({"version": igraph.__version__, "build": 1000 * built, "milliseconds": times, "processor": processor}))
