import type { Hypothesis } from "../contract/results/claim.js";
import { measureOf, noSuite } from "../gate/measures.js";
import type { ResolvedArm } from "./arms.js";
import type { ClaimResult, HypothesisResult } from "./judge.js";
import type { ClaimsRecord } from "./record.js";
import type { ClaimVerdict, RegisteredClaim, Registration } from "./registered.js";

/** An inequality as version 1 had it: the contrast, signed so that more is better, exceeds −margin. */
interface FirstHypothesis {
  metric: string;
  contrast: Record<string, number>;
  margin: number;
}

/** `claims-registration@1`. */
export interface FirstRegistration {
  schema: "claims-registration@1";
  createdAt: string;
  digest: string;
  beforeTheRun: boolean;
  alpha: number;
  claims: (Omit<RegisteredClaim, "alpha" | "hypotheses"> & { hypotheses: FirstHypothesis[] })[];
  arms: Record<string, ResolvedArm>;
  run: string;
}

interface FirstResult
  extends FirstHypothesis,
    Pick<HypothesisResult, "mean" | "low" | "high" | "orders" | "furtherOrders" | "p" | "reason"> {
  verdict: ClaimVerdict;
}

/** `claims@1`: verdicts were by bounds at α each; p alone was adjusted. */
export interface FirstRecord extends Omit<ClaimsRecord, "schema" | "claims" | "registration"> {
  schema: "claims@1";
  alpha: number;
  registration: Pick<Registration, "digest" | "createdAt" | "beforeTheRun"> | null;
  claims: (Omit<ClaimResult, "hypotheses"> & { hypotheses: FirstResult[] })[];
}

/** @param orders of the run: such a registration allows no more, and one look at them. */
export function upgradeRegistration(stored: FirstRegistration, orders: number): Registration {
  const { alpha, claims, ...registration } = stored;
  return {
    ...registration,
    schema: "claims-registration@2",
    claims: claims.map(({ hypotheses, ...claim }) => ({
      ...claim,
      alpha,
      hypotheses: hypotheses.map(upgradeHypothesis),
    })),
    limits: { orders, looks: 1 },
    seen: [],
  };
}

export function upgradeRecord(stored: FirstRecord): ClaimsRecord {
  const { alpha, registration, claims, ...record } = stored;
  const limits = { orders: record.orders, looks: 1 };
  return {
    ...record,
    schema: "claims@2",
    rule: "bounds",
    registration: registration && { ...registration, limits, seen: [] },
    looks: [],
    claims: claims.map(({ hypotheses, ...claim }) => ({
      ...claim,
      ...{ alpha, unfinished: [], adjustedPAgainst: null },
      hypotheses: hypotheses.map(upgradeResult),
    })),
  };
}

function upgradeHypothesis({ metric, contrast, margin }: FirstHypothesis): Hypothesis {
  return isHigherBetter(metric)
    ? { metric, contrast, direction: "above", threshold: 0 - margin }
    : { metric, contrast, direction: "below", threshold: margin };
}

function upgradeResult({ verdict: _verdict, margin, ...result }: FirstResult): HypothesisResult {
  const { metric, contrast, mean, low, high } = result;
  const negative = (value: number | null) => (value === null ? null : -value);
  const values = isHigherBetter(metric)
    ? { mean, low, high }
    : { mean: negative(mean), low: negative(high), high: negative(low) };
  return { ...result, ...upgradeHypothesis({ metric, contrast, margin }), ...values, pAgainst: null };
}

const isHigherBetter = (metric: string): boolean => measureOf(metric, noSuite).higherIsBetter;
