// The samples of the last minutes, in a short form.
//
// {t, run (empty: none), coverage, rate, age_p50_ms, age_p95_ms, nodes: [{role, address, queue, capacity, state, counters, rates}]}

const kept = 10 * 60 * 1000;

// short takes from a sample what the charts keep.
export function short({t, status}) {
  const {coverage, rate, age_p50_ms, age_p95_ms} = status.live ?? {};
  const nodes = (status.nodes ?? []).map(({role, address, queue, capacity, state, forwarded, finished, refused, rate_in, rate_out}) =>
    ({role, address, queue, capacity, state, forwarded, finished, refused, rate_in, rate_out}));
  return {t, run: status.run?.id ?? "", coverage, rate, age_p50_ms, age_p95_ms, nodes};
}

// add appends a sample and forgets what is too old. A clock that was set back begins anew.
export function add(samples, s) {
  while (samples.length && samples.at(-1).t >= s.t) samples.pop();
  samples.push(s);
  while (samples[0].t < s.t - kept) samples.shift();
}

export const same = (a, b) => a.role === b.role && a.address === b.address;

// follows tells whether the second sample continues the first: nothing is drawn across a gap.
export const follows = (a, b) => Boolean(a && b) && a.run === b.run && b.t - a.t < 3500;

// perSecond is how fast a node's counter has risen up to a sample: over three seconds, as news of a node may be older or
// younger than a second.
export function perSecond(samples, i, node, counter) {
  let j = i;
  while (j > 0 && i - j < 3 && follows(samples[j - 1], samples[j])) j--;
  const members = node.nodes ?? [node]; // of a group
  const [was, is] = [samples[j], samples[i]].map(s => s?.nodes.filter(n => members.some(m => same(n, m))));
  if (i === j || !was?.length || was.length !== is.length) return undefined;
  const sum = nodes => nodes.reduce((total, n) => total + (n[counter] ?? 0), 0);
  return Math.max(0, sum(is) - sum(was)) * 1000 / (samples[i].t - samples[j].t);
}
