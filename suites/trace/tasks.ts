import type { ScorerReference } from "../../harness/contract/suite.js";

/** The ways of scoring: as TRACE's evaluator does, or with answers trimmed and by the packages of other benchmarks. */
export type Scoring = "published" | "lenient";

/** TRACE's scripts let every task answer with so many tokens. */
export const publishedNewTokens = 512;

/** A task of TRACE (2310.06762): its metric, its limit, and the prompt's form. */
export interface TraceTask {
  /** The name of its folder. */
  id: string;
  title: string;
  language: string;
  scorers: Record<Scoring, ScorerReference>;
  /** Most tokens of an answer under lenient scoring: as many as the task's answers need. */
  maxNewTokens: number;
  choices?: string[];
  /** The text before and after the body of every prompt. */
  prefix: string;
  cue: string;
}

const stances = ["A", "B", "C"];
const stanceScorers = { published: { name: "choice", options: { raw: true } }, lenient: { name: "choice" } };
const arithmetic = {
  language: "en",
  scorers: { published: { name: "number", options: { raw: true } }, lenient: { name: "number" } },
  maxNewTokens: 8,
  prefix: "Solve the following math problem.\nQuestion:",
  cue: "Answer:",
};

/** The eight tasks, in order 1. */
export const traceTasks: readonly TraceTask[] = [
  {
    id: "C-STANCE",
    title: "Stance (Chinese)",
    language: "zh",
    scorers: stanceScorers,
    maxNewTokens: 3,
    choices: stances,
    prefix: "判断以下文本对指定对象的态度，选择一项：A.支持，B.反对，C.中立。输出A，B或者C。\n文本：",
    cue: "态度：",
  },
  {
    id: "FOMC",
    title: "Monetary policy stance",
    language: "en",
    scorers: stanceScorers,
    maxNewTokens: 3,
    choices: stances,
    prefix:
      "What is the monetary policy stance for the following text? A. dovish, B. hawkish, C. neutral. Choose one from A, B and C.\nText:",
    cue: "Stance:",
  },
  {
    id: "MeetingBank",
    title: "Meeting summaries",
    language: "en",
    scorers: { published: { name: "rouge-l", options: { implementation: "rouge" } }, lenient: { name: "rouge-l" } },
    maxNewTokens: 256,
    prefix: "Write a summary of the following meeting transcripts.\nMeeting transcripts:",
    cue: "Summary:",
  },
  {
    id: "Py150",
    title: "Python line completion",
    language: "code",
    scorers: {
      published: { name: "edit-similarity", options: { unwrapLiterals: true, implementation: "fuzzywuzzy" } },
      lenient: { name: "edit-similarity", options: { unwrapLiterals: true } },
    },
    maxNewTokens: 16,
    prefix: "",
    cue: "",
  },
  {
    id: "ScienceQA",
    title: "Science questions with reasons",
    language: "en",
    scorers: {
      published: { name: "choice", options: { rule: "first-character", raw: true } },
      lenient: { name: "choice", options: { rule: "first-character" } },
    },
    maxNewTokens: 128,
    choices: ["A", "B", "C", "D", "E"],
    prefix: "Choose an answer for the following question and give your reasons.\n\nQuestion:",
    cue: "Answer:",
  },
  { id: "NumGLUE-cm", title: "Commonsense arithmetic", ...arithmetic },
  { id: "NumGLUE-ds", title: "Domain arithmetic", ...arithmetic },
  {
    id: "20Minuten",
    title: "German simplification",
    language: "de",
    scorers: { published: { name: "sari", options: { against: "input" } }, lenient: { name: "sari" } },
    maxNewTokens: 256,
    prefix: "Provide a simplified version of the following paragraph in German.\n\nParagraph:",
    cue: "Simplification:",
  },
];

/** The two orders of the paper. */
export const traceOrders = [
  { name: "trace-1", tasks: traceTasks.map(({ id }) => id) },
  {
    name: "trace-2",
    tasks: ["NumGLUE-cm", "NumGLUE-ds", "FOMC", "20Minuten", "C-STANCE", "Py150", "MeetingBank", "ScienceQA"],
  },
];

/** The body of a prompt, without its instruction and its cue where it has them. */
export function traceBody(prompt: string, { prefix, cue }: TraceTask): string {
  const start = prompt.startsWith(prefix) ? prefix.length : 0;
  const trimmed = prompt.trimEnd();
  const end = cue !== "" && trimmed.endsWith(cue) ? trimmed.length - cue.length : prompt.length;
  return prompt.slice(start, end).trim();
}
