import { expect, test } from "vitest";
import { fromParts, inParts } from "../../../trainers/training/parameters.js";
import { openTiny } from "../methods/rig.js";

test("vectors are read in parts that together are the whole, the last one shorter", async () => {
  const model = await openTiny();
  const vector = await model.snapshot();
  const whole = await model.read(vector);
  const doubled = await model.combine([2], [vector]);
  const most = Math.ceil(whole.length / 3) + 1;
  const lengths: number[] = [];
  for await (const { start, values } of inParts(model, [vector, doubled], most)) {
    const [one, two] = values as [Float32Array, Float32Array];
    expect(one).toEqual(whole.subarray(start, start + one.length));
    expect(two).toEqual(one.map((value) => 2 * value));
    lengths.push(one.length);
  }
  expect(lengths).toEqual([most, most, whole.length - 2 * most]);
  const add = ([one, two]: Float32Array[], sums: Float32Array) => sums.set(one!.map((value, i) => value + two![i]!));
  expect(await fromParts(model, [vector, doubled], add, most)).toEqual(whole.map((value) => 3 * value));
});

test("an engine that gives the whole in place of a part is refused", async () => {
  const model = await openTiny();
  const vector = await model.snapshot();
  const whole = Object.assign(Object.create(model), { read: () => model.read(vector) });
  await expect(inParts(whole, [vector], 10).next()).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
});
