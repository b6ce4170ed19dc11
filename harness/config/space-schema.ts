const values = {
  type: "object",
  required: ["values"],
  additionalProperties: false,
  properties: { values: { type: "array", minItems: 1 } },
};

const range = {
  type: "object",
  required: ["low", "high", "scale"],
  additionalProperties: false,
  properties: {
    low: { type: "number" },
    high: { type: "number" },
    scale: { enum: ["linear", "log"] },
    integer: { type: "boolean" },
  },
};

/** JSON schema of a search space. */
export const spaceSchema = {
  type: "object",
  minProperties: 1,
  additionalProperties: {
    type: "object",
    if: { type: "object", required: ["values"] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON schema
    then: values,
    else: range,
  },
};
