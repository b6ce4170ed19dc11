import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { DashboardRenderer, DashboardState } from "../harness/contract/dashboard.js";
import { templates } from "./templates.js";
import { liveView } from "./view-models/dashboard/live.js";

/** Parts of the live page that change: each is the template of that name, of one element with that id. */
const parts = [
  "live-summary",
  "live-runs",
  "live-rollouts",
  "live-alerts",
  "live-versions",
  "live-retention",
  "live-resources",
];

/** The live page: the reports' style sheet, and scripts of its own that put changed parts in place. */
export function openDashboard(): DashboardRenderer {
  const render = templates();
  const script = { type: "text/javascript; charset=utf-8" };
  // Idiomorph changes only what differs, so that focus, selections and unfolded details stay as they are.
  const idiomorph = createRequire(import.meta.url).resolve("idiomorph/dist/idiomorph.min.js");
  return {
    page: (parts, settings) => render("dashboard", { ...settings, parts: Object.values(parts) }),
    parts(state: DashboardState) {
      const view = liveView(state);
      return Object.fromEntries(parts.map((name) => [name, render(name, view)]));
    },
    assets: {
      "style.css": { type: "text/css; charset=utf-8", content: `${render("style", {})}\n${render("live-style", {})}` },
      "behavior.js": { ...script, content: render("behavior", {}) },
      "idiomorph.js": { ...script, content: readFileSync(idiomorph, "utf8") },
      "live.js": { ...script, content: render("live-script", {}) },
    },
  };
}
