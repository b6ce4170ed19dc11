import type { Claim } from "../contract/results/claim.js";
import type { ResolvedArm } from "./arms.js";

/** A claim as it is registered and judged: its arms are kept once for all claims, with every option. */
export type RegisteredClaim = Omit<Claim, "arms" | "alpha" | "suites"> & { alpha: number };

export type ClaimVerdict = "supported" | "contradicted" | "undecided" | "not runnable";

/** The accepted probability of a false verdict where a claim does not set it. */
const usualAlpha = 0.05;

export const registeredClaim = ({
  arms: _arms,
  suites: _suites,
  alpha = usualAlpha,
  ...claim
}: Claim): RegisteredClaim => ({
  ...claim,
  alpha,
});

/** `claims-registration.json`: what shall be tested, written down before anything runs. */
export interface Registration {
  schema: "claims-registration@2";
  createdAt: string;
  /** False where the directory held a run already: then the claims were chosen after the data. */
  beforeTheRun: boolean;
  claims: RegisteredClaim[];
  arms: Record<string, ResolvedArm>;
  /** Digest of the run's configuration: suite, model, trainers, orders, seeds. */
  run: string;
  /** The most task orders that the run may grow to, and how often its data may be judged on the way. */
  limits: Limits;
  /** Cells of the run that were finished under an earlier registration: its verdicts may have led to this one. */
  seen: SeenCells[];
  /** Of everything above. */
  digest: string;
}

export interface Limits {
  orders: number;
  looks: number;
}

/** Cells that an earlier registration shares with this one. */
export interface SeenCells {
  /** Digest of the earlier one. */
  registration: string;
  directory: string;
  cells: string[];
}
