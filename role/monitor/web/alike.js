// Runs are alike if nothing but the parameter of the horizontal axis differs. Only they are on one line and in one
// median. What all that is shown shares is said once; what differs is said with each. role/plot/alike.go does the same
// for plots.

import {strategies} from "./strategies.js"; // made by the node
import * as n from "./numbers.js";

export const slowNodes = r => (r.nodes ?? []).filter(x => x.role === "slow").length;
export const offered = r => r.interval_ms > 0 ? 1000 / r.interval_ms : undefined;

// Each circumstance of a run: its name, which is that of the parameter if it is one, the value that a table shows, and
// how a sentence says it. An older version did not say what was usual.
export const circumstances = [
  {name: "model", value: r => r.model ?? "", say: v => v},
  {name: "cut", value: r => r.cut ?? 0, say: v => `cut at ${v}`},
  {name: "further cuts", value: r => (r.cuts ?? []).slice(1).join(" "), say: v => v && `and at ${v}`},
  {name: "frames", value: r => r.frames ?? 0, say: v => counted(v, "frame")},
  {name: "rate", value: r => r.interval_ms ?? 0, say: v => v ? n.per(v) : "as fast as they are taken"},
  {name: "nodes", value: slowNodes, say: v => counted(v, "slow node")},
  {name: "emulate", value: r => r.emulate || "off", say: v => v === "off" ? "no emulation" : `emulating ${v}`},
  {name: "link", value: r => r.link || "real", say: v => `${v} link`},
  {name: "wire", value: r => r.wire || "float32", say: v => `${v} on the wire`},
  {name: "version", value: r => r.version ?? "", say: v => v && `version ${v}`},
  {name: "how", value: r => r.simulated ? "simulated" : usual, say: v => v},
];

const usual = "measured"; // which is said only beside what was simulated

const counted = (count, what) => `${n.whole(count)} ${what}${count === 1 ? "" : "s"}`;

// compare says what all runs share, and in what they differ, but for the parameter.
export function compare(runs, parameter) {
  const others = circumstances.filter(c => c.name !== parameter);
  const same = c => runs.every(r => c.value(r) === c.value(runs[0]));
  return {shared: others.filter(same).map(c => c.say(c.value(runs[0]))).filter(said => said && said !== usual), differ: others.filter(c => !same(c))};
}

export const told = (r, differ) => differ.map(c => c.say(c.value(r))).filter(Boolean);

// lineName tells a run's line from the others: by its strategy and how that was set, and by what not all runs share.
export function lineName(r, parameter, differ) {
  const own = strategies.find(s => s.name === r.strategy)?.load;
  return [r.strategy, r.tasks > 0 && parameter !== "tasks" && counted(r.tasks, "task"), r.load && r.load !== own && `${r.load} load`,
    ...told(r, differ)].filter(Boolean).join(", ");
}

// place is a strategy's among all. Those that this version does not know share the two behind.
export function place(name) {
  const i = strategies.findIndex(s => s.name === name);
  return i >= 0 ? i : strategies.length + [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 2;
}

// colour is the class of a strategy's marks: the same wherever it stands, here and in plots.
const colours = ["grey", "orange", "blue", "green", "vermillion", "pink", "sky", "ochre"];
export const colour = strategy => colours[place(strategy) % colours.length];
