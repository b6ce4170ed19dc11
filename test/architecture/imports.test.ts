import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** What the services behind the verbs are made of. */
const underServices = [
  "harness/run",
  "harness/gate",
  "harness/tune",
  "harness/claims",
  "harness/registry",
  "harness/rollout",
  "harness/serve",
  "harness/dashboard",
  "harness/metrics",
  "harness/score",
  "harness/config",
  "harness/plugins",
  "harness/hub",
  "harness/contract",
];

/** Which places a place may import from, beside itself. Imports run downwards only. */
const allowed: Record<string, readonly string[]> = {
  trainers: ["harness"],
  suites: ["harness"],
  reports: ["harness"],
  launchers: ["harness"],
  "harness/cli": [
    "harness/app",
    "harness/run",
    "harness/gate",
    "harness/tune",
    "harness/claims",
    "harness/registry",
    "harness/rollout",
    "harness/metrics",
    "harness/config",
    "harness/contract",
  ],
  "harness/app": underServices,
  "harness/run": [
    "harness/metrics",
    "harness/score",
    "harness/config",
    "harness/plugins",
    "harness/hub",
    "harness/http",
    "harness/images",
    "harness/contract",
  ],
  "harness/gate": ["harness/run", "harness/metrics", "harness/config", "harness/contract"],
  "harness/claims": [
    "harness/gate",
    "harness/run",
    "harness/metrics",
    "harness/config",
    "harness/plugins",
    "harness/contract",
  ],
  "harness/serve": [
    "harness/rollout",
    "harness/registry",
    "harness/run",
    "harness/metrics",
    "harness/plugins",
    "harness/contract",
  ],
  "harness/dashboard": ["harness/serve", "harness/rollout", "harness/registry", "harness/run", "harness/contract"],
  "harness/rollout": ["harness/registry", "harness/run", "harness/config", "harness/contract"],
  "harness/registry": ["harness/run", "harness/hub", "harness/http", "harness/contract"],
  "harness/tune": ["harness/run", "harness/metrics", "harness/config", "harness/plugins", "harness/contract"],
  "harness/plugins": ["harness/config", "harness/metrics", "harness/score", "harness/contract"],
  "harness/config": ["harness/contract"],
  "harness/metrics": ["harness/contract"],
  "harness/score": ["harness/contract"],
  "harness/hub": ["harness/http", "harness/contract"],
  "harness/http": ["harness/contract"],
  "harness/images": ["harness/contract"],
  "harness/contract": [],
};

/** Entries at the top that wire rooms together, and so know several. */
const wiring = [
  "bench.ts",
  "index.ts",
  "kit.ts",
  "rooms.ts",
  "bench-pretrain.ts",
  "bench-pretrain-reader.ts",
  "bench-pretrain-vision.ts",
];

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g);
  return [...found].map((match) => resolve(dirname(file), match[1]!.replace(/\.js$/, ".ts")));
}

/** The place of a file: a room, or a part of the harness. */
function placeOf(file: string): string {
  const parts = relative(root, file).replace(/\.ts$/, "").split("/");
  return parts[0] === "harness" ? `harness/${parts[1]}` : parts[0]!;
}

const files = ["harness", "trainers", "suites", "reports", "launchers"].flatMap((room) => sources(join(root, room)));

test("imports run downwards only", () => {
  const offending = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.endsWith(".ts"))
      .filter((target) => {
        const from = placeOf(file);
        const to = placeOf(target);
        return from !== to && !(allowed[from] ?? []).some((place) => to === place || to.startsWith(`${place}/`));
      })
      .map((target) => `${relative(root, file)} imports ${relative(root, target)}`),
  );
  expect(offending).toEqual([]);
});

/** Which parts of the trainers' room a part may import from. The files at its top wire the parts together. */
const allowedInTrainers: Record<string, readonly string[]> = {
  "trainers/methods": ["trainers/training", "trainers/engine"],
  "trainers/endpoint": ["trainers/training"],
  "trainers/memory": ["trainers/methods", "trainers/training", "trainers/engine", "trainers/endpoint"],
  "trainers/training": ["trainers/model", "trainers/engine"],
  "trainers/engine/onnx": ["trainers/model", "trainers/engine"],
  "trainers/engine/torch": ["trainers/model", "trainers/engine"],
  "trainers/model": ["trainers/engine"],
  "trainers/engine": [],
};

/** Of the trainers' room: a family of parts, where `trainers/engine` is the contract and each engine is one of its own. */
function partOf(file: string): string | undefined {
  const parts = relative(root, file).split("/");
  const depth = parts[1] === "engine" && parts.length > 3 ? 3 : 2;
  return parts.length > depth ? parts.slice(0, depth).join("/") : undefined;
}

test("methods and formats know the contract of engines, and no engine", () => {
  const offending = files
    .filter((file) => relative(root, file).startsWith("trainers/") && partOf(file) !== undefined)
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => relative(root, target).startsWith("trainers/"))
        .filter((target) => {
          const [from, to] = [partOf(file)!, partOf(target)];
          return from !== to && !(to !== undefined && allowedInTrainers[from]?.includes(to));
        })
        .map((target) => `${relative(root, file)} imports ${relative(root, target)}`),
    );
  expect(offending).toEqual([]);
});

test("no room reaches the wiring at the top", () => {
  const offending = files.filter((file) => importsOf(file).some((target) => wiring.includes(relative(root, target))));
  expect(offending.map((file) => relative(root, file))).toEqual([]);
});

test("the services behind the verbs return data: they neither print nor set exit codes", () => {
  const speaking = /\bconsole\.|\bprocess\.(stdout|stderr|exit|exitCode|on)\b/;
  const offending = files
    .filter((file) => placeOf(file) === "harness/app" && speaking.test(readFileSync(file, "utf8")))
    .map((file) => relative(root, file));
  expect(offending).toEqual([]);
});

test("no file imports itself through others", () => {
  const finished = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    if (finished.has(file)) return;
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].map((name) => relative(root, name)).join(" → "));
      return;
    }
    path.push(file);
    for (const target of importsOf(file)) if (files.includes(target)) visit(target);
    path.pop();
    finished.add(file);
  };
  for (const file of files) visit(file);
  expect(cycles).toEqual([]);
});

test("nothing here loads TypeBox, which takes long: schemas are made by harness/contract/type.ts", () => {
  const loading = /^(?:import|export) (?!type\b)[^;]*from "typebox/m;
  expect(files.filter((file) => loading.test(readFileSync(file, "utf8"))).map((file) => relative(root, file))).toEqual(
    [],
  );
});

test("one idea a file: none is longer than 300 lines", () => {
  const long = files
    .map((file) => ({ file: relative(root, file), lines: readFileSync(file, "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > 300);
  expect(long).toEqual([]);
});

test("whoever meets an error is told how to mend it", () => {
  const ours = ["CANCELLED", "INTERNAL", "PLUGIN_FAILED"]; // nothing to mend, or for the author of what failed
  const thrown = /new BenchError\(\s*"([A-Z_]+)"((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;
  const without = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(thrown)]
      .filter(([, code, details]) => !ours.includes(code!) && !/\bfix\b|\.\.\./.test(details!))
      .map(([text]) => `${relative(root, file)}: ${text}`),
  );
  expect(without).toEqual([]);
});
