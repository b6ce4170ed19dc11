/** The rooms that this project brings along, as specifiers of plug-ins: the only place that knows them. */
export const rooms: readonly string[] = [
  "./trainers/index.js",
  "./suites/index.js",
  "./reports/index.js",
  "./launchers/index.js",
].map((room) => new URL(room, import.meta.url).href);
