import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../../../harness/contract/files.js";

const dist = (path: string): string => JSON.stringify(pathToFileURL(join(packageRoot, "dist", path)).href);

/**
 * Writes the program of a controller: it starts rollouts of the versions 1, 2 and 3 of `support` in turn, and does what
 * their evidence says, for ever. It prints a line when it works.
 */
export function writeController(file: string, registry: string, policy: string): void {
  const options = { registry, policy, by: "controller" };
  writeFileSync(
    file,
    `import { setTimeout } from "node:timers/promises";
import { actOnRollout, readRollout, startRollout } from ${dist("harness/app/rollout.js")};
import { ModelRegistry } from ${dist("harness/registry/model-registry.js")};
const options = ${JSON.stringify(options)};
console.log("works");
for (let turn = Number(process.argv[2]); ; turn++) {
  try {
    const { champion } = new ModelRegistry(options.registry).read().models.support.aliases;
    const candidate = [1, 2, 3].filter((version) => version !== champion)[turn % 2];
    await startRollout("support@" + candidate, options);
  } catch (error) {
    if (error.code !== "USAGE") throw error; // one is live, or the champion has just moved
  }
  for (let look = 0; look < 100; look++) {
    try {
      await actOnRollout("support", options);
    } catch (error) {
      if (error.code !== "USAGE") throw error; // a server's look ended it
      break;
    }
    await setTimeout(20);
  }
}
`,
  );
}
