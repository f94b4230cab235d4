// The chart of a sweep: coverage and rate of past runs against the parameter that varies, a line for each strategy. Only
// runs that are alike are on one line.

import {colour, compare, lineName, offered, place, slowNodes, told} from "./alike.js";
import {html, levels as axis, line, marker, onResize, scale, step, svg, ticks} from "./svg.js";
import * as n from "./numbers.js";

const height = 210, left = 38, right = 14, top = 12, bottom = 34;

const parameters = [
  {name: "tasks", label: "tasks", value: r => r.tasks || undefined},
  {name: "rate", label: "offered, f/s", value: offered},
  {name: "cut", label: "cut, layer", value: r => r.cut},
  {name: "nodes", label: "slow nodes", value: slowNodes},
  {name: "frames", label: "frames", value: r => r.frames},
];
const results = [
  {name: "Coverage", unit: "%", value: r => r.coverage},
  {name: "Rate", unit: "f/s", value: r => r.rate},
];

const distinct = (runs, p) => new Set(runs.map(p.value).filter(v => v !== undefined)).size;

// lines returns those of each strategy. One of runs without the parameter is a level.
export function lines(runs, p) {
  const {differ} = compare(runs, p.name), variants = new Map();
  const groups = Map.groupBy(runs, r => `${lineName(r, p.name, differ)}${p.value(r) === undefined ? "\n" : ""}`);
  return [...groups.values()].sort(([a], [b]) => place(a.strategy) - place(b.strategy) || (a.strategy < b.strategy ? -1 : 1)).map(rs => {
    const {strategy} = rs[0], variant = variants.get(strategy) ?? 0;
    variants.set(strategy, variant + 1);
    const level = p.value(rs[0]) === undefined, dash = level ? variant % 3 + 1 : variant % 4; // a level is never drawn through
    return {name: lineName(rs[0], p.name, differ), colour: colour(strategy), shape: place(strategy) + variant, dash: `v${dash}`, runs: rs, level};
  });
}

const longest = (runs, p) => Math.max(0, ...lines(runs, p).map(l => distinct(l.runs, p)));

// families are the sets of runs that differ in nothing but the parameter and the strategies, that with the longest line
// first; of equals the largest, then the newest.
export function families(runs, p) {
  const {differ} = compare(runs, p.name);
  return [...Map.groupBy(runs, r => told(r, differ).join(", "))].map(([name, rs]) => ({name, runs: rs, longest: longest(rs, p)}))
    .reverse().sort((a, b) => b.longest - a.longest || b.runs.length - a.runs.length);
}

const most = 12; // lines that can be told apart here

// points are the medians of the runs that have one value of the parameter.
function points(one, p, result) {
  const groups = Map.groupBy(one.runs.filter(r => p.value(r) !== undefined), p.value);
  return [...groups].map(([x, rs]) => [x, median(rs.map(result.value)), rs.length]).sort((a, b) => a[0] - b[0]);
}

export class Sweep {
  constructor(at) {
    this.parameter = this.choice("parameter");
    this.family = this.choice("family");
    this.legend = html("ul");
    this.caption = html("p", {class: "aside", id: "shared"});
    this.reading = html("p", {class: "aside"});
    this.plots = results.map(() => html("div", {class: "plot", role: "img"}));
    this.of = html("label", {}, "of ", this.family);
    this.box = html("div", {class: "sweep"},
      html("div", {class: "bar"}, html("label", {}, "Against ", this.parameter), this.of, this.caption, this.legend, this.reading),
      html("div", {class: "pair"}, ...results.map((r, i) => html("figure", {}, html("figcaption", {}, html("h3", {}, r.name, " ", html("small", {}, r.unit))), this.plots[i]))));
    this.hint = html("p", {class: "hint"}, "Runs that differ in one of tasks, offered rate, frames, cut and slow nodes are drawn here against it.");
    at.append(this.hint, this.box);
    this.runs = [];
    onResize(at, () => this.draw());
  }

  choice(id) {
    const select = html("select", {id});
    select.addEventListener("change", () => this.draw());
    return select;
  }

  show(runs) {
    this.runs = runs;
    this.draw();
  }

  // auto is the parameter of the longest line of runs that are alike, or else the first that varies.
  auto() {
    const varied = parameters.filter(p => distinct(this.runs, p) > 1), length = p => families(this.runs, p)[0].longest;
    return varied.reduce((a, b) => a && length(a) >= length(b) ? a : b, undefined);
  }

  draw() {
    const auto = this.auto();
    this.box.hidden = !auto;
    this.hint.hidden = Boolean(auto) || !this.runs.length;
    if (!auto) return;
    offer(this.parameter, [{name: "auto", label: `auto: ${auto.label}`}, ...parameters.filter(p => distinct(this.runs, p) > 1)]);
    const p = parameters.find(q => q.name === this.parameter.value) ?? auto;
    const some = families(this.runs, p), all = {name: "all, told apart", runs: this.runs, longest: 0};
    const choices = lines(this.runs, p).length <= most && some.length > 1 ? [...some, all] : some;
    if (some[0].longest < 2) choices.reverse(); // nothing alike is to be seen
    offer(this.family, choices.map(f => ({name: f.name, label: `${f.name} (${f.runs.length})`})));
    this.of.hidden = choices.length < 2;
    const {runs} = choices.find(f => f.name === this.family.value) ?? choices[0], drawn = lines(runs, p);
    this.caption.textContent = compare(runs, p.name).shared.join(", ");
    this.legend.replaceChildren(...drawn.map(l => {
      const mark = svg("svg", {width: 22, height: 12, "aria-hidden": "true"});
      mark.append(svg("path", {class: `line ${l.colour} ${l.dash}`, d: "M0 6H22"}), l.level ? "" : marker(l.colour, l.shape, 11, 6));
      return html("li", {}, mark, l.name);
    }));
    this.reading.textContent = "";
    results.forEach((result, i) => this.plot(this.plots[i], result, p, drawn));
  }

  plot(at, result, p, all) {
    const width = at.clientWidth;
    if (!width) return;
    const curves = all.map(l => ({...l, points: points(l, p, result)}));
    const levels = curves.map(c => c.points.length ? undefined : median(c.runs.map(result.value)));
    const xs = curves.flatMap(c => c.points.map(q => q[0])), ys = [...curves.flatMap(c => c.points.map(q => q[1])), ...levels.filter(v => v !== undefined)];
    const [from, to] = range(xs), [low, high] = result.unit === "%" ? [Math.floor(range(ys)[0] / 10) * 10, 100] : range(ys);
    const x = scale(from, to, left, width - right), y = scale(low, high, height - bottom, top);
    const drawing = svg("svg", {width, height, "aria-hidden": "true"});
    drawing.append(...axis(ticks(low, high, 5), y, left, width - right));
    for (const v of ticks(from, to, Math.max(2, Math.floor(width / 70)))) drawing.append(svg("text", {x: x(v), y: height - bottom + 15, "text-anchor": "middle"}, n.plain(v)));
    drawing.append(svg("text", {x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle"}, p.label));
    if (p.name === "rate" && result.name === "Rate") { // what arrives if nothing is lost
      const most = Math.min(to, high), least = Math.max(from, low);
      drawing.append(svg("path", {class: "grid dashed", d: line([[x(least), y(least)], [x(most), y(most)]])}));
    }
    curves.forEach((c, i) => {
      const level = levels[i] !== undefined;
      const way = level ? [[left, y(levels[i])], [width - right, y(levels[i])]] : c.points.map(q => [x(q[0]), y(q[1])]);
      drawing.append(svg("path", {class: `line ${c.colour} ${c.dash}`, d: line(way)}), ...c.points.map(q => marker(c.colour, c.shape, x(q[0]), y(q[1]))));
    });
    at.setAttribute("aria-label", `${result.name} against ${p.label}; the table below has the numbers`);
    at.replaceChildren(drawing);
    at.onpointermove = at.onpointerdown = e => {
      const near = nearest(curves, q => Math.hypot(x(q[0]) - e.offsetX, y(q[1]) - e.offsetY));
      this.reading.textContent = near ? said(...near, result, p) : "";
    };
  }
}

const said = (c, [x, y, count], result, p) => `${c.name}, ${p.label} ${n.plain(x)}: ${n.fixed(y, result.unit === "%" ? 1 : 2)} ${result.unit}${count > 1 ? `, median of ${count} runs` : ""}`;

// offer fills a choice where it has changed: it may be open.
function offer(select, options) {
  const key = options.map(o => `${o.name}\t${o.label}`).join("\n");
  if (select.offered === key) return;
  const chosen = select.offered && select.selectedIndex > 0 ? select.value : undefined;
  select.offered = key;
  select.replaceChildren(...options.map(o => html("option", {value: o.name}, o.label)));
  select.value = options.some(o => o.name === chosen) ? chosen : options[0].name;
}

function nearest(curves, distance) {
  let best, least = 40;
  for (const c of curves) for (const q of c.points) if (distance(q) < least) [best, least] = [[c, q], distance(q)];
  return best;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : sorted.length ? (sorted[middle - 1] + sorted[middle]) / 2 : undefined;
}

// range is that of the values on round numbers: a tenth of the largest at least, and from 0 where that is not far.
function range(values) {
  const high = Math.max(...values), low = Math.min(high * 0.9, ...values), from = low < high * 0.6 ? 0 : low;
  const s = step(high - from || 1, 5), first = Math.floor(from / s) * s;
  return [first, Math.max(Math.ceil(high / s) * s, first + s)];
}
