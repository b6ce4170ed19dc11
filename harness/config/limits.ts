/** The largest values that a configuration may have, wherever they come from: file, flags or a program. */
export const limits = {
  seeds: 1000,
  orders: 1000,
  workers: 1024,
  threads: 1024,
  devicesPerCell: 64,
  evaluateEvery: 1_000_000,
  evaluateItems: 1_000_000,
} as const;

/** Trainers × orders × seeds of one run. */
export const mostCells = 100_000;
