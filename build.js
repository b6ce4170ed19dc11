// `npm run build`, and a part of the first start of a checkout: compiles, then joins modules that are loaded together.
//
// Node takes 1 to 2 ms of CPU to load a module, whatever its size, and a command has hundreds. Every module keeps its
// place in dist/ as a file that exports what it exported, so that there is one instance of each, whether the command
// line, a worker, a plug-in or a test asks for it.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { init, parse } from "es-module-lexer";
import { rolldown } from "rolldown";

const dist = join(import.meta.dirname, "dist");
const compiled = (path) => join(dist, path);

/** What a process, a thread or a worker starts with. These run something, and stay files of their own. */
const programs = [
  "bench.js",
  "harness/plugins/learner-host.js",
  "harness/plugins/own-package-hooks.js",
  "harness/run/pool/worker.js",
  "harness/serve/local/worker.js",
].map(compiled);

/** What most processes load as a whole: the command line, the registry with all that is built in, what plug-ins import. */
const usual = [
  ["bench.js"],
  ["harness/plugins.js", "trainers/index.js", "suites/index.js", "reports/index.js", "launchers/index.js"],
  ["kit.js"],
  ["harness/plugins/learner-host.js"],
].map((unit) => unit.map(compiled));

rmSync(dist, { recursive: true, force: true });
run(join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc"), [
  ...["-p", process.argv[2] ?? "tsconfig.json"],
]);
run(compiled("harness/config/compile-schemas.js"));
run(compiled("reports/compile-templates.js"));
await joinModules();
writeFileSync(compiled("built"), ""); // what a build left that was interrupted lacks it, and is built again

function run(program, words = []) {
  const { status } = spawnSync(process.execPath, [program, ...words], { cwd: import.meta.dirname, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/**
 * Modules that the same units reach by static imports become one file in `dist/joined/`. What is reached by the usual
 * units is told apart by these alone, the rest by programs and by what is imported on demand: so a file holds nothing
 * that whoever loads it would not load, and since what a module imports is reached by all units that reach the module,
 * files import each other in one direction.
 */
async function joinModules() {
  const { imports, onDemand } = await importsOfModules();
  const others = [compiled("index.js"), ...programs, ...onDemand].map((module) => [module]);
  const files = new Map([...filesOf(others, imports), ...filesOf(usual, imports)]);
  for (const program of programs) files.delete(program);
  const bundle = await rolldown({
    input: Object.fromEntries(
      [...files.keys(), ...programs].map((module) => [relative(dist, module).slice(0, -3), module]),
    ),
    external: (specifier) => !specifier.startsWith(".") && !isAbsolute(specifier),
    platform: "node",
    preserveEntrySignatures: "allow-extension", // which `includeDependenciesRecursively` asks for; no program exports more
    treeshake: false,
  });
  await bundle.write({
    dir: dist,
    chunkFileNames: "joined/[name].js",
    keepNames: true,
    comments: { jsdoc: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ debugName: "joined", name: (module) => files.get(module) ?? null }],
    },
  });
  await bundle.close();
}

/** For each module that units reach by static imports, the name of its file: the first of its units, and a number. */
function filesOf(units, imports) {
  const reachedBy = new Map();
  for (const [number, unit] of units.entries()) {
    const reached = new Set(unit);
    for (const module of reached) {
      for (const imported of imports.get(module)) reached.add(imported);
      reachedBy.set(module, [...(reachedBy.get(module) ?? []), number]);
    }
  }
  const sets = [...new Set([...reachedBy.values()].map(String))];
  const nameOf = (by) => `${basename(units[by[0]][0], ".js")}-${sets.indexOf(String(by))}`;
  return new Map([...reachedBy].map(([module, by]) => [module, nameOf(by)]));
}

/** What each module of `dist/` imports statically, and all that is imported on demand. */
async function importsOfModules() {
  await init;
  const imports = new Map();
  const onDemand = new Set();
  for (const path of readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"))) {
    const module = compiled(path);
    imports.set(module, []);
    for (const { n: specifier, d: dynamic } of parse(readFileSync(module, "utf8"))[0]) {
      if (!specifier?.startsWith(".")) continue;
      const imported = join(dirname(module), specifier);
      if (dynamic === -1) imports.get(module).push(imported);
      else onDemand.add(imported);
    }
  }
  return { imports, onDemand };
}
