import type { Order } from "../../harness/contract/suite.js";

/** The tasks by the names of their folders. All are scored by ROUGE-L, as in the paper. */
export const superniTasks: Readonly<Record<string, { title: string; language: string }>> = {
  qa: { title: "Question answering (task024)", language: "en" },
  qg: { title: "Question generation (task074)", language: "en" },
  sa: { title: "Sentiment analysis (task1312)", language: "en" },
  sum: { title: "Summarization (task511)", language: "en" },
  trans: { title: "Translation (task1219)", language: "es" },
  dsg: { title: "Dialog sentence generation (task574)", language: "en" },
  expl: { title: "Explanation (task192)", language: "en" },
  para: { title: "Paraphrasing (task177)", language: "en" },
  pe: { title: "Program execution (task064)", language: "en" },
  pos: { title: "Part-of-speech tagging (task346)", language: "en" },
};

const first = ["qa", "qg", "sa", "sum", "trans"];

/** The paper's sequences with their orders. */
export const sequences: Readonly<Record<"five" | "ten", Order[]>> = {
  five: [
    { name: "O1", tasks: first },
    { name: "O2", tasks: ["trans", "sa", "qa", "sum", "qg"] },
    { name: "O3", tasks: ["sum", "qg", "trans", "qa", "sa"] },
  ],
  ten: [{ name: "O1", tasks: [...first, "dsg", "expl", "para", "pe", "pos"] }],
};
