// A suite for bench: tasks with their data, in the order in which they are learned. It runs as it is; put yours in its
// place. Data in files needs no plug-in: `bench init suite` writes the settings for it.
import { completeSuite, definePlugin, defineSuite, random, Type, textInput } from "trace-bench/kit";

/** Two tasks that ask the same questions and want opposite answers: learning the second overwrites the first. */
const rules = { larger: Math.max, smaller: Math.min };

const suite = defineSuite({
  name: "my-suite",
  summary: "Which of two numbers is the larger, then which is the smaller.",
  source: "generated",
  options: {
    items: Type.Integer({ minimum: 10, maximum: 4000, default: 1600, description: "Training items of each task." }),
  },
  // Called once a process, in each with the same result: nothing here may depend on the time or on Math.random.
  async load({ options, quick }) {
    const numbers = Array.from({ length: 90 }, (_, index) => 10 + index);
    const pairs = numbers.flatMap((a) => numbers.filter((b) => b !== a).map((b) => ({ a, b })));
    const count = quick ? Math.min(400, options.items) : options.items;
    const tasks = Object.entries(rules).map(([id, rule]) => {
      const examples = random({ seed: 1, stream: "my-suite", task: id })
        .sample(pairs, count + 200)
        .map(({ a, b }) => ({
          id: `${id}-${a}-${b}`,
          input: textInput(`Which number is ${id}?\nA: ${a}\nB: ${b}\nAnswer:`),
          references: [rule(a, b) === a ? "A" : "B"],
          choices: ["A", "B"],
        }));
      return {
        id,
        title: `The ${id} number`,
        language: "en",
        scorer: { name: "choice" },
        maxNewTokens: 4,
        train: examples.slice(0, count),
        validation: examples.slice(count, count + 100),
        test: examples.slice(count + 100),
      };
    });
    return completeSuite({ name: "my-suite", version: "1", title: "Two numbers", generated: true, tasks });
  },
});

export const plugin = definePlugin({ suites: [suite] });
