const parts = (reference: string): string[] => reference.split(/[\\/:]/).filter(Boolean);

/**
 * Short names of models that distinguish them: the last part of each reference, or as many last parts as that takes.
 * Equal references have equal names.
 */
export function modelNames(references: readonly string[]): string[] {
  const split = references.map(parts);
  const different = new Set(split.map((one) => one.join("/"))).size;
  const longest = Math.max(1, ...split.map(({ length }) => length));
  for (let length = 1; length < longest; length++) {
    const names = split.map((one) => one.slice(-length).join("/"));
    if (new Set(names).size === different) return names;
  }
  return split.map((one) => one.join("/"));
}

/**
 * Checkpoints of one training in the order of its steps: checkpoint-200 before checkpoint-1000. Names that differ in
 * more than one number, or share it, keep the order they have.
 */
export function byTrainingStep<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const numbered = items.map((item) => ({ item, match: /^(.*?)(\d+)(\D*)$/.exec(parts(nameOf(item)).at(-1) ?? "") }));
  const stems = new Set(numbered.map(({ match }) => match && `${match[1]} ${match[3]}`));
  const steps = new Set(numbered.map(({ match }) => Number(match?.[2])));
  if (stems.size !== 1 || stems.has(null) || steps.size !== items.length) return [...items];
  return numbered.sort((a, b) => Number(a.match![2]) - Number(b.match![2])).map(({ item }) => item);
}
