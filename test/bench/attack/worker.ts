import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../../../harness/contract/random.js";
import type { Attack, Outcome } from "./kind.js";
import { kinds } from "./kinds/index.js";

/** A try, by what is attacked and its number there; with the seed of the attack it can be repeated. */
export interface Try {
  seed: number;
  kind: string;
  index: number;
}

const place = mkdtempSync(join(tmpdir(), "bench-attack-"));
process.on("exit", () => rmSync(place, { recursive: true, force: true }));
process.on("disconnect", () => process.exit());
const open = new Map<string, Attack>();

async function attempt({ seed, kind: name, index }: Try): Promise<Outcome> {
  const kind = kinds.find((one) => one.name === name)!;
  let attack = open.get(name);
  if (attack === undefined) {
    attack = await kind.open(mkdtempSync(join(place, "kind-")));
    open.set(name, attack);
  }
  process.send!("prepared");
  return attack(random({ seed, stream: `attack ${name}`, item: index }));
}

process.on("message", (one: Try) => {
  attempt(one).then(
    (outcome) => process.send!(outcome),
    (error) => process.send!({ ending: "internal", detail: `the attack itself failed: ${(error as Error).stack}` }),
  );
});
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (error) => {
    process.send!({ ending: "internal", detail: `${event}: ${(error as Error).stack}` });
  });
}
