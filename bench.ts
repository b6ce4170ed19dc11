import { main } from "./harness/cli/main.js";

/** The rooms that this project brings along, as plug-ins: the only place that knows them. */
const rooms = ["./trainers/index.js", "./suites/index.js", "./reports/index.js"];

await main(
  rooms.map((room) => new URL(room, import.meta.url).href),
  process.argv.slice(2),
);
