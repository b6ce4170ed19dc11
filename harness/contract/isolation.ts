/** What a run asks for: isolation where this machine has a means, isolation or an error, or none. */
export const isolationPolicies = ["auto", "require", "never"] as const;
/** What a run asks for. */
export type IsolationPolicy = (typeof isolationPolicies)[number];

/**
 * How a plug-in's process was kept from the files of the run and of its suite: by a mount namespace of bubblewrap, by the
 * permissions of Node (JavaScript only), or not at all. From weak to strong.
 */
export const isolations = ["none", "permissions", "bubblewrap"] as const;
/** How a plug-in's process was kept from files. */
export type Isolation = (typeof isolations)[number];

/** What the processes of plug-ins may see of this machine. Plain data. */
export interface Confinement {
  policy: IsolationPolicy;
  /** Absolute paths that they must not read. */
  hidden: readonly string[];
  /** Absolute paths that they may read even where only few are allowed; what is hidden in them stays hidden. */
  readable: readonly string[];
}

/** Nothing is kept from plug-ins: for describing them, and where no run is. */
export const unconfined: Confinement = { policy: "never", hidden: [], readable: [] };

/** The weakest of several; undefined where one of them is. */
export function weakestIsolation(all: readonly (Isolation | undefined)[]): Isolation | undefined {
  return all.includes(undefined) ? undefined : isolations.find((isolation) => all.includes(isolation));
}
