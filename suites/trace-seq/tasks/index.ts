import type { Family } from "../family.js";
import { code } from "./code.js";
import { commonsenseArithmetic } from "./commonsense-arithmetic.js";
import { domainArithmetic } from "./domain-arithmetic.js";
import { meeting } from "./meeting.js";
import { policy } from "./policy.js";
import { science } from "./science.js";
import { simplification } from "./simplification.js";
import { stance } from "./stance.js";

/** The eight tasks, in TRACE's order 1. */
export const tasks: readonly Family[] = [
  stance,
  policy,
  meeting,
  code,
  science,
  commonsenseArithmetic,
  domainArithmetic,
  simplification,
];
