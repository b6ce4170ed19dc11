import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkOptions } from "../../harness/config/options.js";
import { random } from "../../harness/contract/random.js";
import type { Document } from "../../harness/contract/suite.js";
import { Bm25 } from "../../trainers/memory/bm25.js";
import { Dense } from "../../trainers/memory/dense.js";
import { givenFacts } from "../../trainers/memory/extraction/extractor.js";
import { personalizedPageRank, walkOn } from "../../trainers/memory/graph/personalized-pagerank.js";
import { sparseGraph } from "../../trainers/memory/graph/sparse-graph.js";
import { HippoRag } from "../../trainers/memory/hipporag.js";
import { type HippoRagOptions, hippoRagOptions } from "../../trainers/memory/options.js";
import { recognizeAll } from "../../trainers/memory/recognition.js";
import type { Retriever } from "../../trainers/memory/retriever.js";
import { median } from "./median.js";

/*
 * The memory's speed: personalized PageRank against igraph on one graph, indexing, queries, and random changes against a
 * rebuild. `PYTHON=… npm run bench:memory`; python needs python-igraph and numpy. Without PYTHON igraph is left out.
 */

const { values } = parseArgs({
  options: {
    passages: { type: "string", default: "4000,10000,30000,100000" },
    retriever: { type: "string", default: "hipporag" },
    operations: { type: "string", default: "10000" },
    part: { type: "string", multiple: true, default: ["pagerank", "indexing", "operations"] },
  },
});
/** Wall time and time of the processor in milliseconds: on a busy machine only the second says how fast something is. */
interface Times {
  wall: number;
  cpu: number;
}
const stopwatch = (): (() => Times) => {
  const [started, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { wall: performance.now() - started, cpu: (user + system) / 1000 };
  };
};
const timed = (work: () => void): Times => {
  const elapsed = stopwatch();
  work();
  return elapsed();
};

/** The counts of the paper's graph of MuSiQue: 97 k nodes, 1.4 M edges; every node is a seed, a few strongly. */
function comparePageRank(): void {
  const [nodes, edges, queries, damping] = [97_000, 1_400_000, 5, 0.5];
  const stream = random({ seed: 1, stream: "graph" });
  const [from, to, weights] = [new Int32Array(edges), new Int32Array(edges), new Float64Array(edges)];
  for (let e = 0; e < edges; e++) {
    // Squared: a few nodes have many edges, as phrases have.
    from[e] = Math.floor(stream.uniform() ** 2 * nodes);
    to[e] = stream.integer(nodes);
    weights[e] = stream.uniform() < 0.5 ? 1 : 0.8 + 0.2 * stream.uniform();
  }
  const seeds = Array.from({ length: queries }, () => {
    const reset = Float64Array.from({ length: nodes }, () => 0.05 * stream.uniform());
    for (let i = 0; i < 5; i++) reset[stream.integer(nodes)] = 1;
    return reset;
  });
  let graph = sparseGraph(0, { from: new Int32Array(0), to: new Int32Array(0), weights: new Float64Array(0) });
  const build = timed(() => {
    graph = sparseGraph(nodes, { from, to, weights });
  });
  const walk = walkOn(graph);
  for (const reset of seeds) personalizedPageRank(walk, reset, { damping }); // compiles
  const own: Times[] = [];
  const scores = seeds.map((reset) => {
    let found: Float64Array = reset;
    own.push(
      timed(() => {
        found = personalizedPageRank(walk, reset, { damping });
      }),
    );
    return found;
  });
  const [wall, cpu] = [median(own.map((one) => one.wall)), median(own.map((one) => one.cpu))];
  console.log(
    `PageRank, ${nodes} nodes, ${edges} edges: build ${build.cpu.toFixed(0)} ms, query ${cpu.toFixed(0)} ms of CPU time (${wall.toFixed(0)} of wall time), medians of ${queries}`,
  );
  const python = process.env.PYTHON;
  if (python === undefined) {
    console.log("igraph: left out, PYTHON is not set");
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "pagerank-"));
  const bytes = (data: Float64Array | Int32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const pairs = new Int32Array(2 * edges);
  for (let e = 0; e < edges; e++) pairs.set([from[e]!, to[e]!], 2 * e);
  // A loop counts twice in igraph's strengths; ours has none.
  const kept = from.map((node, e) => Number(node !== to[e]));
  const proper = Int32Array.from(pairs).filter((_, at) => kept[at >> 1] === 1);
  writeFileSync(join(directory, "edges.i32"), bytes(proper));
  writeFileSync(join(directory, "weights.f64"), bytes(weights.filter((_, e) => kept[e] === 1)));
  writeFileSync(join(directory, "seeds.f64"), bytes(Float64Array.from(seeds.flatMap((reset) => [...reset]))));
  const script = resolve("test/bench/igraph-pagerank.py");
  const output = execFileSync(python, [script, directory, `${nodes}`, `${damping}`], { encoding: "utf8" });
  const {
    version,
    build: built,
    milliseconds: walls,
    processor: times,
  } = JSON.parse(output) as { version: string; build: number; milliseconds: number[]; processor: number[] };
  const theirs = new Float64Array(new Uint8Array(readFileSync(join(directory, "scores.f64"))).buffer);
  rmSync(directory, { recursive: true });
  const top = (all: Float64Array, count: number) =>
    [...all.keys()].sort((a, b) => all[b]! - all[a]! || a - b).slice(0, count);
  const same = scores.map((mine, query) => {
    const other = theirs.subarray(query * nodes, (query + 1) * nodes);
    const first = new Set(top(other, 200));
    const distance = mine.reduce((sum, value, node) => sum + Math.abs(value - other[node]!), 0);
    return { distance, top: top(mine, 200).filter((node) => first.has(node)).length };
  });
  console.log(
    `igraph ${version} (prpack): build ${built.toFixed(0)} ms, query ${median(times).toFixed(0)} ms of CPU time (${median(walls).toFixed(0)} of wall time); ours takes 1/${(median(times) / cpu).toFixed(1)} of the CPU time`,
  );
  console.log(
    `difference from igraph, summed over nodes: at most ${Math.max(...same.map(({ distance }) => distance)).toExponential(1)}; of igraph's first 200 nodes ours has ${same.map((one) => one.top).join(", ")}`,
  );
}

function passage(index: number, version = 0): Document {
  const stream = random({ seed: 2, stream: "passages", item: index, step: version });
  const syllables = "ka to mi re su lan dor vel sho nia ber qua 北 京 é".split(" ");
  const name = (kind: string, many: number) => {
    const own = random({ seed: 2, stream: kind, item: stream.integer(many) });
    return Array.from({ length: 4 }, () => own.pick(syllables)).join("");
  };
  // Names are shared as in a real corpus: about two new phrases a passage.
  const known = 100 + 2 * index;
  const facts = Array.from(
    { length: 6 },
    () => [name("thing", known), name("relation", 60), name("thing", known)] as const,
  );
  return { id: `p${index}`, text: facts.map((fact) => `${fact.join(" ")}.`).join(" "), facts };
}

const words = { k1: 0.9, b: 0.4 };

function memory(): HippoRag {
  const options = checkOptions({ properties: hippoRagOptions }, {}, "hipporag") as HippoRagOptions;
  const parts = { extract: givenFacts, passages: new Bm25(words), facts: new Bm25(words), recognize: recognizeAll };
  return new HippoRag(parts, options);
}

/** Vectors as long as those of small sentence models, from keyed random numbers: the time of a model is its own. */
const embedder = async (texts: readonly string[]): Promise<Float32Array[]> =>
  texts.map((text) => {
    const stream = random({ seed: 5, stream: text });
    return Float32Array.from({ length: 384 }, () => (stream.uniform() - 0.5) / 16);
  });

const retrievers: Record<string, () => Retriever> = {
  bm25: () => new Bm25(words),
  dense: () => new Dense(embedder),
  hipporag: memory,
};

/** Facts come with the documents, as from a cache. The first query makes the graph. */
async function measureIndexing(): Promise<void> {
  for (const size of values.passages.split(",").map(Number)) {
    const documents = Array.from({ length: size }, (_, index) => passage(index));
    const made = retrievers[values.retriever]!();
    const indexing = stopwatch();
    await made.add(documents);
    const indexed = indexing();
    const first = stopwatch();
    await made.search([documents[0]!.text.split(".")[0]!], 5);
    const built = first();
    const queries: Times[] = [];
    for (let query = 1; query <= 20; query++) {
      const text = documents[Math.floor((query * size) / 21)]!.text.split(".")[0]!;
      const asked = stopwatch();
      await made.search([text], 5);
      queries.push(asked());
    }
    const growing = stopwatch();
    await made.add([passage(size)]);
    const added = growing();
    const both = (name: "cpu" | "wall") => median(queries.map((one) => one[name])).toFixed(1);
    console.log(
      `${values.retriever}, ${size} passages: ${(indexed.cpu / size).toFixed(3)} ms of CPU time a passage; first query ${built.cpu.toFixed(0)} ms, then ${both("cpu")} ms (${both("wall")} of wall time), medians of 20; one more passage ${added.cpu.toFixed(2)} ms; the process takes ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB, documents included`,
    );
  }
}

async function compareWithRebuild(): Promise<void> {
  const count = Number(values.operations);
  const stream = random({ seed: 3, stream: "operations" });
  const there = new Map<number, Document>();
  const grown = memory();
  const started = performance.now();
  for (let operation = 0; operation < count; operation++) {
    const index = stream.integer(2000);
    const old = there.get(index);
    const retracts = old !== undefined && stream.uniform() < 0.5;
    if (old !== undefined) await grown.remove([old]);
    there.delete(index);
    if (retracts) continue;
    const next = passage(index, operation);
    await grown.add([next]);
    there.set(index, next);
  }
  const took = performance.now() - started;
  const rebuilt = memory();
  await rebuilt.add(random({ seed: 4, stream: "shuffle" }).shuffle([...there.values()]));
  const queries = Array.from({ length: 50 }, (_, index) => passage(index * 37).text.split(".")[0]!);
  const [one, other] = [await grown.search(queries, 10), await rebuilt.search(queries, 10)];
  const equal = JSON.stringify([one, grown.state()]) === JSON.stringify([other, rebuilt.state()]);
  console.log(
    `${count} operations in ${(took / 1000).toFixed(1)} s, ${there.size} passages left: ${equal ? "equal to" : "DIFFERENT from"} a rebuild, to the bit`,
  );
  if (!equal) process.exitCode = 1;
}

if (values.part.includes("pagerank")) comparePageRank();
if (values.part.includes("indexing")) await measureIndexing();
if (values.part.includes("operations")) await compareWithRebuild();
