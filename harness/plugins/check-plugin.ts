import { Ajv, type ValidateFunction } from "ajv";
import { compileOptions } from "../config/options.js";
import { explainSchemaErrors, ownSchemas } from "../config/schema-error.js";
import { checkSpace } from "../config/search-space.js";
import { spaceSchema } from "../config/space-schema.js";
import { BenchError } from "../contract/errors.js";
import type { Plugin } from "../contract/plugin.js";
import { modalities } from "../contract/suite.js";
import { checkClaim, claimSchema } from "./claim-schema.js";

const text = { type: "string", minLength: 1 };
const name = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]*$" };
const version = { type: "integer", minimum: 0 };
const options = { type: "object" };
const method = { function: true };
const schedule = { enum: ["sequence", "joint", "once"] };
const taken = { type: "array", items: { enum: modalities } };
const flag = { type: "boolean" };

const listOf = (required: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: "array",
  items: {
    type: "object",
    required: Object.keys(required),
    additionalProperties: false,
    properties: { ...required, ...optional },
  },
});

const members: Readonly<Record<string, object>> = {
  methods: listOf(
    { name, summary: text, source: text, version, options, strategy: method },
    {
      schedule,
      default: flag,
      space: spaceSchema,
      defaults: { type: "object" },
      modalities: taken,
      capabilities: { type: "array", items: text },
      vectors: method,
      effort: method,
      needs: method,
    },
  ),
  trainersFrom: method,
  trainers: listOf(
    {
      name,
      summary: text,
      source: text,
      version,
      options,
      schedule,
      needs: method,
      create: method,
    },
    {
      space: spaceSchema,
      deterministic: flag,
      likelihoods: flag,
      default: flag,
      evaluates: { enum: ["checkpoint", "server"] },
      modalities: taken,
      capabilities: method,
      memory: method,
      effort: method,
      methods: method,
    },
  ),
  suites: listOf(
    { name, summary: text, source: text, options, load: method },
    { default: flag, readsLocations: flag, template: method },
  ),
  scorers: listOf({ name, version, summary: text, source: text, options, score: method }),
  reporters: listOf(
    { name, summary: text, render: method },
    {
      ...{ default: flag, observe: method, renderHistory: method, renderBoard: method, renderResults: method },
      openDashboard: method,
    },
  ),
  models: listOf({ name, summary: text, recognizes: method, inspect: method }, { open: method, measure: method }),
  metrics: listOf(
    {
      id: { type: "string", pattern: "^[a-z0-9][a-z0-9.-]*@[0-9]+$" },
      key: {
        type: "string",
        pattern: "^[a-z][A-Za-z0-9]*$",
        not: { enum: ["orderSensitivity", "orderSensitivityMax"] },
      },
      title: text,
      formula: text,
      source: text,
      compute: method,
    },
    {
      leastTasks: { type: "integer", minimum: 1 },
      higherIsBetter: flag,
      needsJoint: flag,
      needsCurves: flag,
      needsProbes: flag,
    },
  ),
  engines: listOf(
    { name, version: text, numerics: text, probe: method },
    {
      startsProcesses: flag,
      dividesModels: flag,
      capabilities: method,
      memory: method,
      sharedMemory: method,
      measureSpeed: method,
      open: method,
      prepare: method,
      install: method,
      dtypes: { type: "array", items: text },
    },
  ),
  launchers: listOf(
    { name, summary: text, options, open: method },
    { schemes: { type: "array", items: text }, parallel: method },
  ),
  claims: { type: "array", items: claimSchema },
};

const ajv = new Ajv(ownSchemas);
ajv.addKeyword({
  keyword: "function",
  schemaType: "boolean",
  errors: false,
  validate: (_schema: boolean, value: unknown) => typeof value === "function",
});

/** By the members that a plug-in has: compiling all takes a tenth of a second, in each process that loads one. */
const validators = new Map<string, ValidateFunction<Plugin>>();

function validatorFor(exported: unknown): ValidateFunction<Plugin> {
  const keys = exported instanceof Object ? Object.keys(exported) : [];
  const known = keys.every((key) => Object.hasOwn(members, key)); // else a suggestion is made from all
  const properties = known ? Object.fromEntries(keys.map((key) => [key, members[key]])) : members;
  const name = Object.keys(properties).sort().join();
  const validate =
    validators.get(name) ?? ajv.compile<Plugin>({ type: "object", additionalProperties: false, properties });
  validators.set(name, validate);
  return validate;
}

/**
 * Checks the object that a plug-in module exports as `plugin`: known keys only, every member present, names and
 * versions well formed.
 *
 * @throws PLUGIN_INVALID naming the module, the member and what it should be.
 */
export function checkPlugin(exported: unknown, file: string): Plugin {
  if (exported === undefined) {
    throw new BenchError("PLUGIN_INVALID", "the module exports no `plugin`", {
      fix: "Add `export const plugin = { methods: [ … ] };`, or start from `bench new trainer`.",
      at: { file },
    });
  }
  const validate = validatorFor(exported);
  if (!validate(exported)) {
    const problem = explainSchemaErrors(validate.errors ?? [], exported)[0]!;
    throw new BenchError("PLUGIN_INVALID", `its \`plugin\` breaks the contract: ${problem.message}`, {
      fix: problem.fix,
      at: { file },
    });
  }
  for (const claim of exported.claims ?? []) checkClaim(claim, file);
  return exported;
}

/**
 * Compiles the schemas of options that a plug-in brings and checks its search spaces against them. For modules from
 * elsewhere: of the built-in ones a test does it, since it takes longer than all else that starts the command.
 *
 * @throws PLUGIN_INVALID naming the module and the member.
 */
export function checkSchemas(plugin: Plugin, file: string): void {
  for (const [kind, entries] of Object.entries({
    trainer: plugin.trainers,
    suite: plugin.suites,
    scorer: plugin.scorers,
  })) {
    for (const entry of entries ?? []) compileOptions(entry.options, `${kind} "${entry.name}" of ${file}`);
  }
  for (const { name, options } of plugin.methods ?? []) {
    compileOptions({ properties: options }, `method "${name}" of ${file}`);
  }
  for (const { name, space, options } of plugin.trainers ?? []) {
    if (space !== undefined) checkSpace(space, options, `trainer "${name}" of ${file}`, "PLUGIN_INVALID");
  }
}
