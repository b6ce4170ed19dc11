import { describe, expect, it } from "vitest";
import { checkOptions } from "../../../harness/config/index.js";

const schema = {
  properties: {
    rank: { type: "integer", minimum: 1, default: 8 },
    target: { enum: ["query", "value"], default: "query" },
    nested: {
      type: "object",
      default: {},
      additionalProperties: false,
      properties: { a: { type: "number", default: 2 } },
    },
  },
};

describe("options against a declared schema", () => {
  it("fills in defaults, also inside, and leaves what was given untouched", () => {
    const given = { rank: 4 };
    expect(checkOptions(schema, given, "x")).toEqual({ rank: 4, target: "query", nested: { a: 2 } });
    expect(given).toEqual({ rank: 4 });
  });

  it.each([
    [{ rnak: 4 }, 'trainer "lora": unknown option "rnak"', 'Did you mean "rank"?'],
    [{ bananas: 4 }, 'trainer "lora": unknown option "bananas"', "There are: rank, target, nested."],
    [{ rank: 0 }, 'trainer "lora": "rank" is 0', "It must be >= 1."],
    [{ rank: "4" }, 'trainer "lora": "rank" is the string "4"', "Give a whole number."],
    [{ target: "valeu" }, 'trainer "lora": "target" is "valeu"', 'Did you mean "value"?'],
    [{ nested: { b: 1 } }, 'trainer "lora": unknown option "b" in "nested"', 'Did you mean "a"?'],
  ])("refuses %j", (options, message, fix) => {
    expect(() => checkOptions(schema, options, 'trainer "lora"')).toThrowError(
      expect.objectContaining({ code: "CONFIG_INVALID", message, fix }),
    );
  });

  it("knows a plug-in's fault from the user's", () => {
    expect(() => checkOptions({ properties: { size: { type: "int" } } }, {}, "x")).toThrowError(
      expect.objectContaining({ code: "PLUGIN_INVALID" }),
    );
  });
});
