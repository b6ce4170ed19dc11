import { packages } from "./packages.js";

/** ASCII, Latin letters, punctuation, arrows, signs, and the lines and blocks that charts are drawn with. */
const oneColumnEach = /^[ -~¡-¬®-˿‐-‧‰-⁞←-⋿─-▟]*$/;

/** How many columns of a terminal a text takes: 2 for a Chinese character, 0 for a color. */
export const displayWidth = (text: string): number =>
  oneColumnEach.test(text) ? text.length : packages.stringWidth(text);
