import type { RunEvent } from "../../contract/event.js";
import type { Display } from "./display.js";

/** Somebody who follows a run. */
export interface RunObserver {
  /** For the notice that it stopped. */
  name: string;
  /** Called as the run starts; returns what is called for each event. */
  start(): (event: RunEvent) => void;
}

/** A display that passes every event on to observers. One that throws is named in a notice and hears no more. */
export function observedDisplay(display: Display, observers: readonly RunObserver[]): Display {
  const following: { name: string; hear: (event: RunEvent) => void }[] = [];
  const isolated = (name: string, work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      display.show({ type: "notice", text: `${name} no longer follows this run: ${reason}` });
      return false;
    }
  };
  for (const { name, start } of observers) isolated(name, () => following.push({ name, hear: start() }));
  return {
    show(event) {
      display.show(event);
      for (const observer of [...following]) {
        if (!isolated(observer.name, () => observer.hear(event))) following.splice(following.indexOf(observer), 1);
      }
    },
    close: () => display.close(),
  };
}
