export { buildBoard } from "./board.js";
export { builtInMetrics, computeMetrics, metricDefinitions, metricsOfMatrices } from "./catalog.js";
export { metricsOfCell } from "./cell-metrics.js";
export { costMeasures } from "./cost.js";
export { metricOf } from "./definition.js";
export {
  type DriftPair,
  type DriftPrediction,
  type DriftStatistic,
  driftPairs,
  driftPrediction,
  isWarned,
} from "./drift.js";
export { buildHistory } from "./history.js";
export { itemStandardError } from "./item-error.js";
export { buildLeaderboard, type LeaderboardSource } from "./leaderboard.js";
export { orderSensitivity } from "./order-sensitivity.js";
export { parseMatrix, type ResultTool, readMatrix, resultReaders } from "./read/index.js";
export { findSteps } from "./steps.js";
