import { expect } from "vitest";

const empty = new Set(["meta", "link", "br", "img", "input", "hr"]);

/** Checks that every tag is closed in order, attributes are quoted and unique, and ids are used once. */
export function expectWellFormed(markup: string): void {
  const text = markup.replace(/<!doctype html>/i, "").replace(/(<(style|script)[^>]*>)[\s\S]*?(<\/\2>)/g, "$1$3");
  const open: string[] = [];
  const ids = new Set<string>();
  for (const [tag, slash, name, attributes, closed] of text.matchAll(
    /<(\/?)([A-Za-z][\w-]*)((?:\s+[^<>\s="]+(?:="[^"<]*")?)*)\s*(\/?)>/g,
  )) {
    if (slash === "/") {
      expect(open.pop(), `closes ${tag}`).toBe(name);
      continue;
    }
    const names = [...attributes!.matchAll(/\s([^<>\s="]+)(?:="([^"]*)")?/g)];
    expect(new Set(names.map(([, key]) => key)).size, `attributes of ${tag}`).toBe(names.length);
    for (const [, key, value] of names) {
      if (key !== "id") continue;
      expect(ids, `id of ${tag}`).not.toContain(value);
      ids.add(value!);
    }
    if (closed !== "/" && !empty.has(name!)) open.push(name!);
  }
  expect(open).toEqual([]);
  // What is left after the tags are gone must hold no stray bracket.
  expect(text.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
}
