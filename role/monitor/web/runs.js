// The table of past runs: newest first until a head is pressed.

import {circumstances, colour, compare, offered, slowNodes} from "./alike.js";
import {html} from "./svg.js";
import * as n from "./numbers.js";

const total = (r, counter) => (r.nodes ?? []).reduce((sum, x) => sum + (x[counter] ?? 0), 0);

const refused = r => total(r, "refused");

// note has each of a run's notes once; an older version had them in one text.
const note = r => [...new Set(r.notes ?? [r.note])].filter(Boolean).join("; ") || undefined;

// begun reads the time from a run's id, where the client has put it in UTC.
function begun(id) {
  const m = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id);
  if (!m) return id;
  const t = new Date(Date.UTC(m[1], m[2] - 1, m[3], m[4], m[5], m[6]));
  return t.toLocaleString("en-GB", {day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"}).replace(",", "");
}

// Each column: head, what it is sorted by, what is shown, and whether some run has it.
const columns = [
  {name: "begun", value: (r, i) => i, show: r => begun(r.run), title: r => r.run},
  {name: "strategy", value: r => r.strategy, text: true},
  {name: "tasks", value: r => r.tasks || undefined, show: r => r.tasks ? n.whole(r.tasks) : n.none},
  {name: "coverage", unit: "%", value: r => r.coverage, show: r => n.fixed(r.coverage, 1)},
  {name: "rate", unit: "f/s", value: r => r.rate, show: r => n.fixed(r.rate, 2)},
  {name: "p50", unit: "ms", value: r => r.latency_ms?.p50, show: r => n.fixed(r.latency_ms?.p50, 0)},
  {name: "p99", unit: "ms", value: r => r.latency_ms?.p99, show: r => n.fixed(r.latency_ms?.p99, 0)},
  {name: "refused", value: refused, show: r => n.whole(refused(r))},
  {name: "switches", value: r => total(r, "switches"), show: r => n.whole(total(r, "switches"))},
  {name: "frames", value: r => r.frames, show: r => n.whole(r.frames)},
  {name: "offered", unit: "f/s", value: offered, show: r => n.fixed(offered(r), 1)},
  {name: "slow", value: slowNodes, show: r => n.whole(slowNodes(r)), only: runs => runs.some(r => slowNodes(r) !== 1)},
  ...circumstances.filter(c => !["frames", "rate", "nodes"].includes(c.name)).map(({name, value}) =>
    ({name, value, text: true, title: value, only: runs => runs.some(r => value(r) !== value(runs[0]))})),
  {name: "load", value: r => r.load ?? "", text: true, only: runs => new Set(runs.filter(r => r.load).map(r => r.load)).size > 1},
  {name: "J/frame", value: r => r.joules_per_frame, show: r => n.fixed(r.joules_per_frame, 3), only: runs => runs.some(r => r.joules_per_frame !== undefined)},
  {name: "accuracy", unit: "%", value: r => r.accuracy, show: r => n.fixed(r.accuracy, 1), only: runs => runs.some(r => r.accuracy !== undefined)},
  {name: "note", value: note, text: true, title: note, only: runs => runs.some(note)},
];

export class RunsTable {
  constructor(at) {
    this.at = at;
    this.by = columns[0];
    this.down = true;
    this.heads = html("tr");
    this.body = html("tbody");
    this.box = html("div", {class: "scroll", role: "region", "aria-label": "Past runs", tabindex: "0"},
      html("table", {}, html("thead", {}, this.heads), this.body));
    this.shared = html("p", {class: "aside"});
    at.append(html("p", {class: "hint"}, "No run has been closed yet. A loop on the client sweeps a parameter:"),
      html("pre", {}, "for n in 1 5 10 20 40; do\n  ./tandem --role client --next fast:12345 --strategy alternate --tasks $n\ndone"));
  }

  show(runs) {
    this.runs = runs;
    if (!runs.length) return;
    if (!this.box.isConnected) this.at.replaceChildren(this.shared, this.box);
    const {shared} = compare(runs), shown = columns.filter(c => !c.only || c.only(runs)), heads = shown.map(c => c.name).join();
    this.shared.textContent = shared.length ? `All: ${shared.join(", ")}.` : "";
    if (heads !== this.shown) this.heads.replaceChildren(...shown.map(c => this.head(c)));
    this.shown = heads;
    shown.forEach((c, i) => this.heads.children[i].setAttribute("aria-sort", this.by !== c ? "none" : this.down ? "descending" : "ascending"));
    this.body.replaceChildren(...this.sorted().map(r => html("tr", {}, ...shown.map(c => cell(c, r)))));
  }

  head(c) {
    const button = html("button", {type: "button"}, c.name, c.unit ? html("small", {}, ` ${c.unit}`) : null);
    button.addEventListener("click", () => {
      this.down = this.by === c ? !this.down : !c.text;
      this.by = c;
      this.show(this.runs);
    });
    return html("th", {scope: "col", class: c.text ? "text" : undefined}, button);
  }

  // sorted puts runs without a value last.
  sorted() {
    const order = this.runs.map((r, i) => [this.by.value(r, i), i, r]);
    const turn = this.down ? -1 : 1;
    return order.sort(([a, i], [b, j]) => {
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined) || j - i;
      return turn * (a < b ? -1 : a > b ? 1 : 0) || j - i;
    }).map(([, , r]) => r);
  }
}

function cell(c, r) {
  const at = html("td", {class: c.text ? "text" : undefined, title: c.title?.(r)});
  if (c.name === "strategy") at.append(html("span", {class: `swatch dot ${colour(r.strategy)}`}), r.strategy);
  else at.append((c.show ?? c.value)(r) ?? "");
  return at;
}
