import type { Scorer } from "../contract/plugin.js";
import { choice } from "./choice.js";
import { editSimilarity } from "./edit-similarity.js";
import { exactMatch } from "./exact-match.js";
import { number } from "./number.js";
import { refusal } from "./refusal.js";
import { rougeL } from "./rouge-l.js";
import { sari } from "./sari.js";
import { tokenF1 } from "./token-f1.js";

/** The scorers that come with the harness. */
export const scorers: Scorer[] = [exactMatch, choice, number, rougeL, sari, editSimilarity, tokenF1, refusal];
