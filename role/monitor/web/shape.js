// The shape of the pipeline: which nodes stand in which column, and which way frames go between them.
//
//   client ─▶ fast ─┬▶ slow ─┬▶ end          several slow nodes share a column
//                   └▶ slow ─┘
//   client ─▶ fast ─▶ slow ─▶ slow ─▶ end    in a chain each begins with a further layer
//   client ─┬▶ fast ─┬▶ end                  replicate: the client deals to all
//           └▶ slow ─┘
//
// More slow nodes than a column has room for are one group.

import {same} from "./samples.js";

const room = 4;

// sums are what adds up in a group.
const sums = ["received", "refused", "dropped", "expired", "forwarded", "finished", "lost", "skipped", "switches", "energy_j", "queue", "capacity", "rate_in", "rate_out"];

function grouped(nodes) {
  if (nodes.length <= room) return nodes;
  const sum = key => nodes.reduce((total, x) => total + (x[key] ?? 0), 0), mean = key => sum(key) / nodes.length;
  return [{...nodes[0], ...Object.fromEntries(sums.map(key => [key, sum(key)])), address: `${nodes.length} nodes`, nodes,
    service_ms: mean("service_ms"), wait_ms: mean("wait_ms"), staleness_s: Math.min(...nodes.map(x => x.staleness_s ?? 0)), energy_by: nodes.find(x => x.energy_by)?.energy_by, missed: nodes.every(x => x.missed)}];
}

// withMissed marks the nodes that others miss, and adds those of which nothing else is known, beside the others of their role.
export function withMissed(nodes, missed = []) {
  const unknown = missed.filter(m => !nodes.some(x => same(x, m)));
  return [...nodes.map(x => ({...x, missed: missed.some(m => same(x, m))})),
    ...unknown.map(m => ({...m, missed: true, layers: nodes.find(x => x.role === m.role)?.layers}))];
}

// named is what reports call a node.
export const named = x => x.address ? `${x.role} (${x.address})` : x.role;

// versions says which nodes have which version of tandem, where that is not the same: no release is tested with another one.
// A node that does not say its version is of an older one.
export function versions(nodes) {
  const of = new Map();
  for (const x of nodes.filter(x => x.received !== undefined)) {
    const version = x.version ?? "an older one";
    of.set(version, [...of.get(version) ?? [], named(x)]);
  }
  if (of.size < 2) return "";
  return `The versions differ: ${[...of].map(([version, names]) => `${version} on ${names.join(", ")}`).join("; ")}. Install the same one everywhere.`;
}

// columns returns the nodes column by column, in the direction of the frames, with a place for those not yet known.
export function columns(nodes, run) {
  const of = role => {
    const found = nodes.filter(x => x.role === role);
    return found.length ? found : [{role, address: "", place: true}];
  };
  const slow = Map.groupBy(of("slow"), x => x.layers?.[0] ?? 0);
  const chain = [...slow.keys()].sort((a, b) => a - b).map(first => grouped(slow.get(first)));
  const middle = run?.strategy === "replicate" ? [[...of("fast"), ...grouped(of("slow"))]] : [of("fast"), ...chain];
  return [of("client"), ...middle, of("end")];
}

// edges returns the ways of the frames: {from, to, carries}. A bypass carries those that were finished before the last
// column.
export function edges(all) {
  const list = [], end = all.at(-1)[0];
  for (let i = 0; i + 1 < all.length; i++) for (const from of all[i]) {
    const last = all[i + 1][0] === end;
    for (const to of all[i + 1]) list.push({from, to, carries: last && from.role !== "client" ? "finished" : "forwarded"});
    if (!last && (from.role === "fast" || from.finished > 0)) list.push({from, to: end, carries: "finished", bypass: true});
  }
  return list;
}
