import { BenchError } from "../../../harness/contract/errors.js";
import type { Document, Fact } from "../../../harness/contract/suite.js";
import { contentOf } from "../documents.js";
import type { Extractor } from "./extractor.js";

/** Answers of a language model to prompts, one each, in their order. */
export type Ask = (prompts: readonly string[], maxNewTokens: number) => Promise<string[]>;

/** Characters of a document that are shown. */
const shownCharacters = 6000;

/** Most tokens of an answer: some thirty facts. */
const answerTokens = 600;

const promptOf = (document: Document): string => `List the facts that the passage states, one a line, as
subject | relation | object
Use names instead of pronouns. Write nothing else; write "none" where it states no fact.

Passage: Radio City is India's first private FM radio station and was started on 3 July 2001.
Facts:
Radio City | is | private FM radio station
Radio City | located in | India
Radio City | started on | 3 July 2001

Passage: ${contentOf(document).slice(0, shownCharacters).replaceAll("\n", " ")}
Facts:
`;

/**
 * Facts as a language model lists them, in one prompt a document after HippoRAG 2's (2502.14802, appendix), which first asks
 * for the entities. Lines that are no fact are left out.
 *
 * @throws ENDPOINT_FAILED where an answer contains no fact and does not say that there is none.
 */
export const promptedFacts =
  (ask: Ask): Extractor =>
  async (documents) => {
    const answers = await ask(documents.map(promptOf), answerTokens);
    return answers.map((answer, index) => parseFacts(answer, documents[index]!.id));
  };

/** The lines of an answer up to an empty one: what follows it is another text that the model makes up. */
export function answerLines(answer: string): string[] {
  return answer
    .trim()
    .split(/\n\s*\n/)[0]!
    .split("\n");
}

function parseFacts(answer: string, id: string): Fact[] {
  const lines = answerLines(answer);
  const facts = lines.flatMap((line): Fact[] => {
    const parts = line.split("|").map((part) => part.trim());
    return parts.length === 3 && parts.every((part) => part !== "") ? [parts as unknown as Fact] : [];
  });
  if (facts.length > 0 || /^\W*none\b/i.test(answer)) return facts;
  throw new BenchError(
    "ENDPOINT_FAILED",
    `the answer for the document ${JSON.stringify(id)} contains no fact: ${JSON.stringify(answer.slice(0, 120))}`,
    { fix: "Use a model that follows instructions, or extract by rules." },
  );
}
