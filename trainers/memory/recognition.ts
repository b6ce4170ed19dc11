import { cut } from "../../harness/contract/printable.js";
import type { Ask } from "./extraction/prompted.js";

/** Which of the facts help to answer a question: their places, or all of them where it cannot be told. */
export type Recognize = (questions: readonly { query: string; facts: readonly string[] }[]) => Promise<Recognized[]>;

/** Places of facts, and the answer that was not understood. */
export interface Recognized {
  kept: number[];
  unread?: string;
}

/** Most facts that are kept (HippoRAG 2). */
const mostKept = 4;

const promptOf = (query: string, facts: readonly string[]): string => `Question: ${query.replaceAll("\n", " ")}
Facts:
${facts.map((fact, index) => `${index + 1}. ${fact}`).join("\n")}
Which of these facts help to answer the question, directly or as a step to the answer? Write their numbers, at most ${mostKept}, separated by commas, or "none".
Numbers:`;

/** Recognition memory (HippoRAG 2): a language model keeps up to four of the facts that a question was linked to. */
export const recognizeWith =
  (ask: Ask): Recognize =>
  async (questions) => {
    const answers = await ask(
      questions.map(({ query, facts }) => promptOf(query, facts)),
      24,
    );
    return answers.map((answer, index) => read(answer, questions[index]!.facts.length));
  };

/** Keeps all; for models that cannot judge. */
export const recognizeAll: Recognize = async (questions) => questions.map(({ facts }) => ({ kept: [...facts.keys()] }));

/** An answer without a number of a fact that does not say "none" is not understood: the facts stay, and it is said. */
function read(answer: string, facts: number): Recognized {
  const line = answer.trim().split("\n")[0]!;
  const numbers = [...line.matchAll(/\d+/g)].map(([digits]) => Number(digits) - 1);
  const kept = [...new Set(numbers)].filter((place) => place >= 0 && place < facts).slice(0, mostKept);
  if (kept.length > 0 || /^\W*none\b/i.test(line)) return { kept };
  return { kept: Array.from({ length: facts }, (_, place) => place), unread: cut(line, 60) };
}
