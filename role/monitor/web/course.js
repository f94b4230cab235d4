// The course of the last minutes: five charts with one cursor, which the pointer, a finger or the arrow keys move.

import {above, html, levels, line, onResize, scale, svg, ticks} from "./svg.js";
import {follows, perSecond, same} from "./samples.js";
import * as n from "./numbers.js";

const height = 150, left = 34, right = 6, top = 16, bottom = 18;

const client = s => s.nodes.find(x => x.role === "client");
const fast = s => s.nodes.find(x => x.role === "fast");

// Each chart has its series: the name, the value in a sample, and how it is drawn. Those of the queues are the nodes'.
const charts = [
  {title: "Coverage", unit: "%", max: 100, high: 60, series: [
    {name: "of the frames sent", colour: "blue", value: s => s.coverage},
  ]},
  {title: "Rate", unit: "f/s", series: [
    {name: "sent", colour: "grey", style: "dashed", value: s => client(s)?.rate_out},
    {name: "arrived", colour: "blue", value: s => s.rate},
  ]},
  {title: "Age at the end", unit: "ms", series: [
    {name: "95 %", colour: "vermillion", style: "dashed", value: s => s.age_p95_ms},
    {name: "median", colour: "blue", value: s => s.age_p50_ms},
  ]},
  {title: "Queue", unit: "% full", max: 100, series: "nodes"},
  {title: "Decisions of fast", unit: "frames each second", stacked: true, series: [
    {name: "forwarded", colour: "blue", value: (s, i, all) => fast(s) && perSecond(all, i, fast(s), "forwarded")},
    {name: "finished", colour: "green", value: (s, i, all) => fast(s) && perSecond(all, i, fast(s), "finished")},
    {name: "refused, by any node", colour: "vermillion", value: refusals},
  ]},
];

function refusals(s, i, all) {
  const some = s.nodes.map(node => perSecond(all, i, node, "refused")).filter(v => v !== undefined);
  return some.length ? some.reduce((a, b) => a + b) : undefined;
}

const nodeColours = ["grey", "orange", "blue", "green", "vermillion", "pink", "sky", "ochre"]; // as plots have them

// queues are the series of the nodes that have one, as far back as the samples go.
function queues(samples) {
  const found = new Map();
  for (const s of samples) for (const x of s.nodes) if (x.capacity > 0) found.set(`${x.role} ${x.address}`, x);
  const fill = (s, x) => {
    const at = s.nodes.find(y => same(x, y));
    return at?.capacity ? 100 * at.queue / at.capacity : undefined;
  };
  const list = [...found.values()].sort((a, b) => (a.role === "slow") - (b.role === "slow")), slow = list.filter(x => x.role === "slow");
  if (slow.length > 4) { // too many to be told apart
    const fills = s => slow.map(x => fill(s, x)).filter(v => v !== undefined);
    return [...list.filter(x => x.role !== "slow").map(x => ({name: x.role, title: x.address, colour: "grey", value: s => fill(s, x)})),
      {name: `fullest of ${slow.length} slow`, colour: "vermillion", style: "dashed", value: s => Math.max(...fills(s))},
      {name: "mean of slow", colour: "blue", value: s => fills(s).reduce((a, b) => a + b, 0) / fills(s).length}];
  }
  return list.map((x, i) => ({
    name: slow.length > 1 && slow.includes(x) ? `slow ${slow.indexOf(x) + 1}` : x.role,
    title: x.address,
    colour: nodeColours[i % nodeColours.length],
    value: s => fill(s, x),
  }));
}

export class Course {
  constructor(at, aside, span) {
    this.aside = aside;
    this.samples = [];
    this.cursor = null; // a sample's time; null: the newest
    this.charts = charts.map(c => new Chart(c, this));
    at.append(...this.charts.map(c => c.figure));
    this.span = () => Number(span.querySelector(":checked").value) * 60_000;
    span.addEventListener("change", () => this.redraw());
  }

  draw(samples, strategy) {
    Object.assign(this, {samples, strategy});
    this.redraw();
  }

  redraw() {
    const end = this.samples.at(-1)?.t ?? 0, from = end - this.span();
    const first = this.samples.findIndex(s => s.t >= from);
    this.shown = first < 0 ? [] : this.samples.slice(Math.max(0, first - 4)); // some more, for the rates of the first
    if (this.cursor !== null && this.cursor < from) this.cursor = null;
    for (const c of this.charts) c.draw(this.shown, from, end);
    this.point(this.cursor);
  }

  // point moves the cursor to the sample nearest to a time.
  point(t) {
    const near = t === null ? this.shown.at(-1) : this.shown.reduce((a, b) => a && Math.abs(a.t - t) <= Math.abs(b.t - t) ? a : b, null);
    this.cursor = t === null ? null : near?.t ?? null;
    const ago = near ? Math.round((this.samples.at(-1).t - near.t) / 1000) : 0;
    this.aside.textContent = !near ? "no sample yet" : t === null ? `now, ${n.clock(near.t)}` : `${ago} s ago, ${n.clock(near.t)}`;
    for (const c of this.charts) c.read(near, this.cursor !== null);
  }

  // move takes the cursor some samples further.
  move(by) {
    const i = this.cursor === null ? this.shown.length - 1 : this.shown.findIndex(s => s.t === this.cursor);
    const to = Math.max(0, i + by);
    this.point(to < this.shown.length - 1 ? this.shown[to].t : null);
  }
}

const keys = {ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -1000, End: 1000, Escape: 1000}; // samples

// Chart is one of them: a legend that is also the readout, and the plot.
class Chart {
  constructor(kind, course) {
    this.kind = kind;
    this.course = course;
    this.legend = html("ul");
    this.plot = html("div", {class: "plot", role: "slider", tabindex: "0", "aria-label": `${kind.title}, time`, "aria-valuemin": "-600", "aria-valuemax": "0"});
    this.figure = html("figure", {class: kind.stacked ? "wide" : undefined},
      html("figcaption", {}, html("h3", {}, kind.title, " ", html("small", {}, kind.unit)), this.legend), this.plot);
    this.drawing = svg("svg", {"aria-hidden": "true", height});
    this.plot.append(this.drawing);
    this.series = [];
    onResize(this.plot, width => {
      this.width = width;
      course.redraw();
    });
    const at = e => course.point(this.from + (e.offsetX - left) / (this.width - left - right) * (this.end - this.from));
    this.plot.addEventListener("pointermove", at);
    this.plot.addEventListener("pointerdown", at);
    this.plot.addEventListener("pointerleave", e => e.pointerType === "mouse" && course.point(null)); // a finger leaves it there
    this.plot.addEventListener("blur", () => course.point(null));
    this.plot.addEventListener("keydown", e => {
      if (!(e.key in keys)) return;
      e.preventDefault();
      course.move(keys[e.key]);
    });
  }

  draw(samples, from, end) {
    Object.assign(this, {from, end});
    this.name(this.kind.series === "nodes" ? queues(samples) : this.kind.series);
    if (!this.width) return;
    const rows = this.values(samples);
    this.rows = new Map(samples.map((s, i) => [s.t, rows[i]]));
    const known = rows.map(row => row.filter(v => v !== undefined)).filter(row => row.length);
    const tops = this.kind.stacked ? known.map(row => row.reduce((a, b) => a + b)) : known.flat();
    const max = this.kind.max ?? above(Math.max(1, ...tops), 3), min = tops.length && Math.min(...tops) >= this.kind.high ? this.kind.high : 0;
    const x = scale(from, end, left, this.width - right), y = scale(min, max, height - bottom, top);
    this.x = x;
    this.drawing.setAttribute("width", this.width);
    this.drawing.replaceChildren(...levels(tops.length ? ticks(min, max, 3) : [0], y, left, this.width - right), ...this.times(x), ...this.runs(samples, x), ...this.lines(samples, rows, x, y),
      tops.length ? "" : svg("text", {x: (left + this.width) / 2, y: height / 2, "text-anchor": "middle"}, "no run in these minutes"),
      this.hair = svg("line", {class: "hair", y1: top, y2: height - bottom, visibility: "hidden"}));
  }

  values(samples) {
    return samples.map((s, i) => this.series.map(one => {
      const v = s.run && s.t >= this.from ? one.value(s, i, samples) : undefined;
      return Number.isFinite(v) ? v : undefined;
    }));
  }

  // name makes the legend anew where the series have changed.
  name(series) {
    const names = series.map(s => `${s.name} ${s.title}`).join();
    this.series = series;
    if (names === this.names) return;
    this.names = names;
    this.readings = series.map(() => html("b", {}, n.none));
    this.legend.replaceChildren(...series.map((s, i) => html("li", {title: s.title},
      html("span", {class: `swatch ${s.colour} ${this.kind.stacked ? "area" : s.style ?? ""}`}), s.name, " ", this.readings[i])));
  }

  times(x) {
    const span = (this.end - this.from) / 1000, parts = span > 60 ? 5 : 4;
    return Array.from({length: parts + 1}, (_, i) => {
      const ago = span * i / parts, text = span > 60 ? `−${ago / 60} min` : `−${ago} s`;
      return svg("text", {x: x(this.end - ago * 1000), y: height - 3, "text-anchor": i ? "middle" : "end"}, i ? text : "now");
    });
  }

  // runs marks where each begins, with its strategy where there is room.
  runs(samples, x) {
    const marks = [];
    let free = left;
    samples.forEach((s, i) => {
      if (!i || !s.run || s.run === samples[i - 1].run || s.t < this.from) return;
      marks.push(svg("line", {class: "border", x1: x(s.t), x2: x(s.t), y1: top - 4, y2: height - bottom}));
      const name = this.course.strategy?.(s.run);
      if (name && x(s.t) >= free && x(s.t) + 6.5 * name.length < this.width) {
        marks.push(svg("text", {class: "run", x: x(s.t) + 3, y: top - 6}, name));
        free = x(s.t) + 6.5 * name.length + 8;
      }
    });
    return marks;
  }

  lines(samples, rows, x, y) {
    if (this.kind.stacked) return this.areas(samples, rows, x, y);
    return this.series.map((one, k) => svg("path", {class: `line ${one.colour} ${one.style ?? ""}`, d: line(samples.flatMap((s, i) => {
      const point = rows[i][k] === undefined ? null : [x(s.t), y(rows[i][k])];
      return i && !follows(samples[i - 1], s) ? [null, point] : [point];
    }))}));
  }

  // areas lie one on the other, the first lowest; a gap ends them.
  areas(samples, rows, x, y) {
    const pieces = [];
    samples.forEach((s, i) => {
      if (rows[i].every(v => v === undefined)) return;
      if (pieces.at(-1)?.at(-1) === i - 1 && follows(samples[i - 1], s)) pieces.at(-1).push(i);
      else pieces.push([i]);
    });
    return this.series.toReversed().map((one, reversed) => {
      const k = this.series.length - 1 - reversed;
      const sum = (i, to) => y(rows[i].slice(0, to).reduce((a, b) => a + (b ?? 0), 0));
      return svg("path", {class: `area ${one.colour}`, d: pieces.map(piece =>
        line([...piece.map(i => [x(samples[i].t), sum(i, k + 1)]), ...piece.toReversed().map(i => [x(samples[i].t), sum(i, k)])]) + "Z").join("")});
    });
  }

  // read shows the values of a sample, and where it is.
  read(sample, pointed) {
    const row = sample && this.rows?.get(sample.t);
    this.series.forEach((s, k) => { this.readings[k].textContent = n.fixed(row?.[k], this.kind.unit === "f/s" || this.kind.stacked ? 1 : 0); });
    this.hair?.setAttribute("visibility", pointed ? "visible" : "hidden");
    const ago = pointed ? Math.round((this.end - sample.t) / 1000) : 0; // now is not read out every second
    const values = this.series.map((s, k) => `${s.name} ${this.readings[k].textContent}`).join(", ");
    this.plot.setAttribute("aria-valuenow", -ago);
    this.plot.setAttribute("aria-valuetext", pointed ? `${ago} seconds ago: ${values}` : "now");
    if (pointed && this.hair) for (const side of ["x1", "x2"]) this.hair.setAttribute(side, Math.max(left, this.x(sample.t)));
  }
}
