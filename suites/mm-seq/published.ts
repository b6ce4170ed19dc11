import type { PublishedFigures } from "../../harness/contract/suite.js";

const loss = (understanding: number, generation: number) => ({
  linguisticLossUnderstanding: understanding / 100,
  linguisticLossGeneration: generation / 100,
});

/** What the paper prints of linguistic loss: naive LLaVA on language models of several sizes, and its best method on one. */
export const published: PublishedFigures = {
  source: "Srivastava et al. (arXiv 2410.19925)",
  setting:
    "LLaVA-1.5's recipe on language models of 0.16 to 2.8 thousand million parameters, real benchmarks of vision and language; generated data and 0.7 million parameters here: other levels, the same question",
  metrics: ["op", "linguisticLossUnderstanding", "linguisticLossGeneration"],
  names: {
    op: "vision-language",
    linguisticLossUnderstanding: "loss, understanding",
    linguisticLossGeneration: "loss, generation",
  },
  rows: [
    { method: "naive, Pythia 0.16B", label: "sequential", values: loss(0.94, 12.0) },
    { method: "naive, Pythia 0.41B", label: "", values: loss(-1.2, 8.6) },
    { method: "naive, Pythia 1.4B", label: "", values: loss(0.55, 8.1) },
    { method: "naive, Pythia 2.8B", label: "", values: { op: 0.46, ...loss(1.7, 9.2) } },
    { method: "naive, Phi-2", label: "", values: loss(2.6, 4.4) },
    { method: "best method, Pythia 2.8B", label: "msgm-rehearsal", values: { op: 0.44, ...loss(0.1, 1) } },
  ],
};
