import { main } from "./harness/cli/main.js";
import { rooms } from "./rooms.js";

await main(rooms, process.argv.slice(2));
