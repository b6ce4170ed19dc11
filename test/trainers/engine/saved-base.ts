import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Checkpoint } from "../../../harness/contract/engine.js";
import type { Model } from "../../../trainers/engine/contract.js";
import { baseOf } from "../../../trainers/model/peft.js";
import { adapterFormat, llamaFormat } from "../../../trainers/model-formats.js";
import { temporaryDirectory, writeTinyModel } from "../model/tiny-model.js";
import { update } from "./conformance-capabilities.js";

const lora = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] };
const sequence = { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] };
const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };

/** Tests that what an engine saves names the model that it was trained on, so that another one is refused. */
export function testSavedBase(open: (checkpoint: Pick<Checkpoint, "directory" | "adapter">) => Promise<Model>): void {
  const saved = async (model: Model) => {
    const directory = temporaryDirectory();
    await model.save(directory);
    return directory;
  };
  const stacked = async (model: Model) => {
    await model.adapt(lora, 1);
    await model.step(objective, update);
    await model.stack(2);
    await model.step(objective, update);
    return saved(model);
  };
  const refused = { code: "MODEL_INVALID", message: expect.stringContaining("trained on other weights") };

  test("an adapter and a stack of them name the base that they were trained on; another one is refused", async () => {
    const base = writeTinyModel();
    const single = await open({ directory: base });
    await single.adapt(lora, 1);
    const whole = await open({ directory: base });
    await whole.step(objective, update);
    const other = await saved(whole);
    for (const adapter of [await saved(single), await stacked(await open({ directory: base }))]) {
      expect(baseOf(adapter)).toMatchObject({ name: base, digest: (await llamaFormat.inspect(base)).digest });
      expect((await adapterFormat.inspect(adapter)).notes).toEqual([]);
      await expect(adapterFormat.inspect(`${other}::${adapter}`)).rejects.toMatchObject(refused);
    }
  });

  test("a stack on a base that was itself trained is for these weights, not for those of the files", async () => {
    const base = writeTinyModel();
    const model = await open({ directory: base });
    await model.step(objective, update);
    const trained = await saved(model);
    const adapter = await stacked(model);
    expect((await adapterFormat.inspect(`${trained}::${adapter}`)).notes).toEqual([]);
    await expect(adapterFormat.inspect(adapter)).rejects.toMatchObject(refused);
  });

  test("soft prompts name what they were trained on: a base, or base and adapter", async () => {
    const base = writeTinyModel();
    const adapted = await open({ directory: base });
    await adapted.adapt(lora, 1);
    await adapted.step(objective, update);
    const adapter = await saved(adapted);
    const named = async (model: Model) => {
      await model.addPrompts({ virtualTokens: 2, keys: 1 }, 1);
      const [whole, part] = [await saved(model), temporaryDirectory()];
      await model.savePrompts(part, 0, 1);
      expect(baseOf(part)).toEqual(baseOf(whole));
      expect(JSON.parse(readFileSync(join(part, "adapter_config.json"), "utf8")).num_virtual_tokens).toBe(1);
      return baseOf(whole);
    };
    const alone = await named(await open({ directory: base }));
    expect(alone).toMatchObject({ name: base, digest: (await llamaFormat.inspect(base)).digest });
    const onBoth = await named(await open({ directory: base, adapter }));
    expect(onBoth).toMatchObject({ name: `${base}::${adapter}`, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(onBoth.digest).not.toBe(alone.digest);
    const trained = await open({ directory: base });
    await trained.step(objective, update);
    const changed = await named(trained);
    expect(changed).toMatchObject({ name: null, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(changed.digest).not.toBe(alone.digest);
  });
}
