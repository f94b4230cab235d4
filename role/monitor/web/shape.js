// The shape of the pipeline: which nodes stand in which column, and which way frames go between them.
//
//   client ─▶ fast ─┬▶ slow ─┬▶ end          several slow nodes share a column
//                   └▶ slow ─┘
//   client ─▶ fast ─▶ slow ─▶ slow ─▶ end    in a chain each begins with a further layer
//   client ─┬▶ fast ─┬▶ end                  replicate: the client deals to all
//           └▶ slow ─┘

// columns returns the nodes column by column, in the direction of the frames, with a place for those not yet heard of.
export function columns(nodes, run) {
  const of = role => {
    const found = nodes.filter(x => x.role === role);
    return found.length ? found : [{role, address: "", place: true}];
  };
  const slow = Map.groupBy(of("slow"), x => x.layers?.[0] ?? 0);
  const chain = [...slow.keys()].sort((a, b) => a - b).map(first => slow.get(first));
  const middle = run?.strategy === "replicate" ? [[...of("fast"), ...of("slow")]] : [of("fast"), ...chain];
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
