// The chart of a sweep: coverage and rate of past runs against the parameter that varies, a line for each strategy.

import {colour, html, levels as axis, line, marker, onResize, scale, step, svg, ticks} from "./svg.js";
import {offered, slowNodes} from "./runs.js";
import * as n from "./numbers.js";

const height = 210, left = 38, right = 14, top = 12, bottom = 34;

const parameters = [
  {name: "tasks", label: "tasks", value: r => r.tasks || undefined},
  {name: "rate", label: "offered, f/s", value: offered},
  {name: "cut", label: "cut, layer", value: r => r.cut},
  {name: "slow", label: "slow nodes", value: slowNodes},
  {name: "frames", label: "frames", value: r => r.frames},
];
const settings = parameters.slice(0, -1); // how many frames came is often chance
const results = [
  {name: "Coverage", unit: "%", value: r => r.coverage},
  {name: "Rate", unit: "f/s", value: r => r.rate},
];

// others are the settings that runs of one sweep share.
const others = (r, p) => JSON.stringify([r.model, r.emulate, r.load, ...settings.filter(q => q !== p).map(q => q.value(r))]);

const distinct = (runs, p) => new Set(runs.map(p.value).filter(v => v !== undefined)).size;

// lines returns for each strategy the largest set of runs that differ in nothing but the parameter; of equals, the
// newest. A strategy that has no such parameter is a level.
function lines(runs, p) {
  const names = [...new Set(runs.map(r => r.strategy))].sort();
  return names.map(name => {
    const sets = Map.groupBy(runs.filter(r => r.strategy === name), r => others(r, p));
    let best = [];
    for (const set of sets.values()) if (distinct(set, p) >= distinct(best, p)) best = set;
    return {name, colour: colour(name, names), runs: best};
  });
}

// points are the medians of the runs that have one value of the parameter.
function points(one, p, result) {
  const groups = Map.groupBy(one.runs.filter(r => p.value(r) !== undefined), p.value);
  return [...groups].map(([x, rs]) => [x, median(rs.map(result.value)), rs.length]).sort((a, b) => a[0] - b[0]);
}

export class Sweep {
  constructor(at) {
    this.select = html("select", {id: "parameter"});
    this.select.addEventListener("change", () => {
      this.chosen = this.select.value;
      this.draw();
    });
    this.legend = html("ul");
    this.reading = html("p", {class: "aside"});
    this.plots = results.map(() => html("div", {class: "plot", role: "img"}));
    this.box = html("div", {class: "sweep"},
      html("div", {class: "bar"}, html("label", {}, "Against ", this.select), this.legend, this.reading),
      html("div", {class: "pair"}, ...results.map((r, i) => html("figure", {}, html("figcaption", {}, html("h3", {}, r.name, " ", html("small", {}, r.unit))), this.plots[i]))));
    this.hint = html("p", {class: "hint"});
    at.append(this.hint, this.box);
    this.chosen = "auto";
    this.runs = [];
    onResize(at, () => this.draw());
  }

  show(runs) {
    this.runs = runs;
    this.draw();
  }

  // auto is the parameter with the most values in one strategy's set of runs.
  auto() {
    const values = p => Math.max(0, ...lines(this.runs, p).map(l => distinct(l.runs, p)));
    const best = settings.reduce((a, b) => values(b) > values(a) ? b : a);
    return [best, parameters.at(-1)].find(p => values(p) > 1);
  }

  draw() {
    const auto = this.auto();
    this.box.hidden = !auto;
    this.hint.hidden = Boolean(auto) || !this.runs.length;
    this.hint.textContent = "Runs that differ in tasks, offered rate, frames, cut or slow nodes are drawn here against it.";
    if (!auto) return;
    const p = parameters.find(q => q.name === this.chosen) ?? auto;
    this.options(auto);
    const all = lines(this.runs, p);
    this.legend.replaceChildren(...all.map(l => {
      const mark = svg("svg", {width: 22, height: 12, "aria-hidden": "true"});
      const level = distinct(l.runs, p) === 0;
      mark.append(svg("path", {class: `line ${l.colour} ${level ? "dashed" : ""}`, d: "M0 6H22"}), level ? "" : marker(l.colour, 11, 6));
      return html("li", {}, mark, l.name);
    }));
    this.reading.textContent = "";
    results.forEach((result, i) => this.plot(this.plots[i], result, p, all));
  }

  options(auto) {
    const list = [{name: "auto", label: `auto: ${auto.label}`}, ...parameters.filter(p => distinct(this.runs, p) > 1)];
    const names = list.map(p => p.label).join();
    if (this.listed === names) return; // it may be open
    this.listed = names;
    this.select.replaceChildren(...list.map(p => html("option", {value: p.name}, p.label)));
    this.select.value = this.chosen;
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
      drawing.append(svg("path", {class: `line ${c.colour} ${level ? "dashed" : ""}`, d: line(way)}), ...c.points.map(q => marker(c.colour, x(q[0]), y(q[1]))));
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
