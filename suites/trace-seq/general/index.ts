import type { ProbeKind } from "../../../harness/contract/suite.js";
import type { Family } from "../family.js";
import { arithmetic } from "./arithmetic.js";
import { facts } from "./facts.js";
import { repetition, selection } from "./instructions.js";
import { multipleChoice } from "./multiple-choice.js";
import { reading } from "./reading.js";
import { overRefusal, refusal } from "./safety.js";
import { whereabouts } from "./whereabouts.js";

/** The abilities of the base model that are probed, by kind. */
export const generalFamilies: readonly { kind: ProbeKind; family: Family }[] = [
  { kind: "general", family: arithmetic },
  { kind: "general", family: reading },
  { kind: "general", family: whereabouts },
  { kind: "general", family: facts },
  { kind: "general", family: multipleChoice },
  { kind: "instruction", family: repetition },
  { kind: "instruction", family: selection },
  { kind: "safety", family: refusal },
  { kind: "safety", family: overRefusal },
];
