import picocolors from "picocolors";

/** What `bench` alone prints: what it does and where to begin. */
export function startPage(color: boolean): string {
  const paint = picocolors.createColors(color);
  const commands = [
    ["bench run trace-seq", "train seven methods on eight tasks in sequence, compare what they learned and forgot"],
    ["bench run trace-seq --quick", "the same, smaller: one minute"],
    ["bench doctor", "what this machine has, and what is missing"],
  ] as const;
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    `${paint.bold("bench")} measures the continual learning of language models: what did the model gain,`,
    "what did it forget, and what did that cost?",
    "",
    ...commands.map(([command, does]) => `  ${paint.cyan(command.padEnd(width))}  ${does}`),
    "",
    "`bench --help` lists all verbs, `bench <verb> --help` explains one.",
    "",
  ].join("\n");
}
