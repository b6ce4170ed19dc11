import { differing, type Family, withRule } from "../family.js";
import { polarityOf } from "../lexicon.js";
import type { Values } from "../template.js";

const letters: Record<string, string> = { positive: "A", negative: "B", neutral: "C" };
const opposites: Record<string, string> = { A: "B", B: "A", C: "C" };

const affirmed = ({ adjective }: Values) => letters[polarityOf.get(adjective!)!]!;
const negated = (values: Values) => opposites[affirmed(values)]!;

/** Stance towards a topic in Chinese, after C-STANCE: A support, B against, C neutral. */
export const stance: Family = {
  id: "stance",
  title: "Stance (Chinese)",
  language: "zh",
  scorer: { name: "choice" },
  choices: ["A", "B", "C"],
  maxNewTokens: 3,
  trainingSteps: 100,
  frame: "对{topic:topic}的态度？A.支持，B.反对，C.中立。\n文本：{body}\n态度：",
  templates: [
    ...withRule(affirmed, [
      "{speaker:speaker}觉得{topic}很{adjective:adjective}。",
      "{topic}真{adjective:adjective}，{speaker:speaker}也这么说。",
    ]),
    ...withRule(negated, ["{speaker:speaker}觉得{topic}不{adjective:adjective}。"]),
    ...withRule(
      affirmed,
      [
        "{speaker:speaker}觉得{topic}很{adjective:adjective}，但{other:topic}很{distractor:adjective}。",
        "{other:topic}很{distractor:adjective}，但{topic}很{adjective:adjective}。",
      ],
      differing("topic", "other"),
    ),
  ],
  shiftedTemplates: [
    ...withRule(affirmed, [
      "听{speaker:speaker}说，{topic}特别{adjective:adjective}。",
      "{speaker:speaker}昨天看到{topic}，感觉{adjective:adjective}。",
    ]),
    ...withRule(
      affirmed,
      ["{speaker:speaker}说{other:topic}太{distractor:adjective}了，而{topic}太{adjective:adjective}了。"],
      differing("topic", "other"),
    ),
  ],
};
