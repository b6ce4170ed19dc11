import { differing, type Family, withRule } from "../family.js";
import { decisionOf } from "../lexicon.js";
import type { Values } from "../template.js";

const verbs: Record<string, string> = { approve: "approved", reject: "rejected" };

const summary = ({ decision, item, issue, ayes, noes }: Values) =>
  `The council ${verbs[decisionOf.get(decision!)!]} item ${item} on ${issue} by ${ayes} to ${noes}.`;

const distinct = differing("mover", "member");

/** Summary of a council's meeting, after MeetingBank. */
export const meeting: Family = {
  id: "meeting",
  title: "Meeting summary",
  language: "en",
  scorer: { name: "rouge-l" },
  maxNewTokens: 20,
  trainingSteps: 80,
  frame: "Write a summary.\nTranscript: {body}\nSummary:",
  templates: withRule(
    summary,
    [
      "Mayor: item {item:digit} is {issue:issue}. {mover:person}: I move to {decision:decision} it. {member:person}: second. Clerk: vote {ayes:digit} to {noes:digit}.",
      "Clerk: next is {issue:issue}, item {item:digit}. {mover:person}: we discussed {other:issue}. {member:person}: I will {decision:decision} it. Clerk: {ayes:digit} to {noes:digit} votes.",
      "{mover:person}: the bill on {issue:issue} is item {item:digit}. Mayor: motion to {decision:decision}. {member:person}: agreed. Clerk: vote {ayes:digit} to {noes:digit}.",
    ],
    distinct,
  ),
  shiftedTemplates: withRule(
    summary,
    [
      "Chair: we turn to item {item:digit}, {issue:issue}. {mover:person}: let us {decision:decision} it. {member:person}: thanks. Result: {ayes:digit} to {noes:digit}.",
      "{mover:person}: on {issue:issue}, item {item:digit}, I {decision:decision}. {member:person}: me too. Count: {ayes:digit} to {noes:digit}.",
    ],
    distinct,
  ),
};
