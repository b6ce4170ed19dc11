import { expect, test } from "vitest";
import { parseAddress } from "../../../trainers/endpoint/address.js";

test("an address says where, which model, and how", () => {
  expect(
    parseAddress("http://localhost:8000/v1/?concurrency=3&timeout=2.5&retries=0&api=chat&key=MY_KEY#org%2Fmodel"),
  ).toEqual({
    root: "http://localhost:8000/v1",
    ...{
      model: "org/model",
      api: "chat",
      revision: null,
      answeredBy: null,
      temperature: "zero",
      concurrency: 3,
      keyVariable: "MY_KEY",
    },
    policy: { timeoutSeconds: 2.5, retries: 0, waitSeconds: 0.5 },
  });
  expect(parseAddress("https://host/v1")).toMatchObject({
    api: "completions",
    concurrency: 8,
    keyVariable: "OPENAI_API_KEY",
  });
  expect(parseAddress("https://host/v1")).not.toHaveProperty("model");
});

test.each([
  ["http://host/v1?colour=red", /"colour" is no parameter/],
  ["http://host/v1?timeout=soon", /timeout=soon is no number/],
  ["http://host/v1?concurrency=0", /from 1 on/],
  ["http://host/v1?api=images", /neither completions nor chat/],
  ["./a-directory", /no address/],
])("%s is refused", (reference, message) => {
  expect(() => parseAddress(reference)).toThrow(
    expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringMatching(message) }),
  );
});

test("a key in the address is refused, and not repeated in the message", () => {
  expect(() => parseAddress("http://user:secret@host/v1")).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("secret") }),
  );
});
