import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configTemplate } from "../../../harness/cli/text/config-template.js";
import { readGateSettings } from "../../../harness/config/gate-settings.js";
import { readConfig } from "../../../harness/config/read-config.js";
import { configSchema } from "../../../harness/config/schema.js";
import { measureOf, noSuite } from "../../../harness/gate/measures.js";
import { mostFeatureBytes } from "../../../trainers/model/vision/vision-config.js";
import { newDirectory } from "../../files.js";

const directory = newDirectory();

/** The configuration of a text, as a run would read it. */
function configOf(name: string, text: string): object {
  writeFileSync(join(directory, name), text);
  return readConfig(join(directory, name), {}).config;
}

const lines = configTemplate.split("\n");
const isKey = (word: string | undefined) => word !== undefined && Object.hasOwn(configSchema.properties, word);
const commented = lines.filter((line) => isKey(/^# (\w+):/.exec(line)?.[1]) || /^# {3}\w+: /.test(line));
const uncomment = (line: string) => line.slice(2);
const isExample = (line: string) => line.includes("# such as");

test("what is commented out is the default", () => {
  const defaults = commented.filter((line) => !isExample(line)).map(uncomment);
  expect(new Set(Object.keys(parse(defaults.join("\n"))))).toEqual(
    new Set(
      "seeds orders chat plugins isolate threads device devicesPerCell dtype imageFeatures quick strict keepCheckpoints alerts on".split(
        " ",
      ),
    ),
  );
  const whole = configOf("defaults.yaml", defaults.join("\n")) as Record<string, unknown>;
  const { chat, devicesPerCell, dtype, imageFeatures, isolate, strict, ...config } = whole;
  expect(config).toEqual(configOf("empty.yaml", "{}"));
  // what their absence means
  expect([chat, dtype ?? "float32", isolate, strict ?? false]).toEqual(["auto", "float32", "auto", false]);
  expect([devicesPerCell ?? 1, (imageFeatures as number) * 2 ** 20]).toEqual([1, mostFeatureBytes]);
});

test("every key of a configuration is in it, and every example is valid", () => {
  const examples = commented.filter((line) => isExample(line) && !line.startsWith("#   "));
  const active = lines.filter((line) => /^(\w| {2})/.test(line));
  const text = [...active, ...examples.map(uncomment)].join("\n");
  expect(() => configOf("examples.yaml", text)).not.toThrow();
  const named = [...commented.filter((line) => /^# \w/.test(line)).map(uncomment), ...active].join("\n");
  const keys = Object.keys(configSchema.properties).filter((key) => key !== "suite");
  expect(Object.keys(parse(named))).toEqual(expect.arrayContaining(keys));
});

test("its gate has a trainer of the run and margins of metrics", () => {
  writeFileSync(join(directory, "bench.yaml"), configTemplate);
  const { trainer, margins, maxOrders } = readGateSettings(join(directory, "bench.yaml"), {});
  expect(parse(configTemplate).trainers).toContain(trainer);
  for (const key of Object.keys(margins)) expect(measureOf(key, noSuite).key).toBe(key);
  expect(maxOrders).toBeGreaterThanOrEqual(5); // the orders of the recipe
});
