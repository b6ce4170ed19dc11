import { markdown, percent } from "../gate/table.js";
import { type Setting, simulate, unadjusted } from "./false-verdicts.js";

/** Tables simulated for each row; the Monte-Carlo error of a share of 5% is then half a point. */
const tables = 2000;

const settings: Setting[] = [
  ...[3, 5, 8].map((orders): Setting => ({ claims: 10, looks: [orders], kind: "gaussian", effect: 0 })),
  { claims: 10, looks: [3, 5, 8], kind: "gaussian", effect: 0 },
  { claims: 10, looks: [5], kind: "laplace", effect: 0 },
  { claims: 10, looks: [5], kind: "student t3", effect: 0 },
  { claims: 1, looks: [5], kind: "gaussian", effect: 0 },
  ...[3, 5, 8].map((orders): Setting => ({ claims: 10, looks: [orders], kind: "gaussian", effect: 3 })),
  ...[3, 5, 8].map((orders): Setting => ({ claims: 1, looks: [orders], kind: "gaussian", effect: 3 })),
];

const rows = settings.map((setting) => {
  const { claims, looks, kind, effect } = setting;
  const { supported, contradicted, power } = simulate(setting, tables);
  const truth = effect === 0 ? "no difference" : `${effect} SD better`;
  const found =
    effect === 0
      ? ["", percent(supported), percent(contradicted), percent(unadjusted(setting, tables))]
      : [percent(power), "", percent(contradicted), ""];
  return [String(claims), looks.join(", "), kind, truth, ...found];
});
const head = [
  "claims",
  "orders",
  "noise",
  "truth",
  "claims supported",
  "any supported",
  "any contradicted",
  "any verdict at 5% each",
];
console.log(markdown({ head, rows }));
