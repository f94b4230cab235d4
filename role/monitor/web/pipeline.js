// The drawing of the pipeline: a card for each node, and arrows with frames per second between them. In a narrow place
// it runs from top to bottom.

import {html, onResize, round, svg} from "./svg.js";
import {columns, edges, named} from "./shape.js";
import {perSecond} from "./samples.js";
import * as n from "./numbers.js";

const silent = 3; // seconds

// gone tells of a node in an open run whether it answers no neighbour, or has sent no news.
const gone = x => Boolean(x.missed || x.staleness_s > silent);

// What a card says of a node. Every row keeps its place, so that nothing moves when numbers come and go. A row has a
// name, a text, and may tell whether that is bad.
const count = (name, value) => [name, (x, live) => n.whole(value(x, live)), (x, live) => value(x, live) > 0];
const time = (name, value) => [name, (x, live) => value(x, live) === undefined ? n.none : `${n.ms(value(x, live))} ms`];
const rows = {
  client: [["sent", x => n.whole(x.received - (x.skipped ?? 0))], count("refused", x => x.refused), count("lost", x => x.lost)],
  worker: [
    time("one takes", x => x.service_ms || undefined),
    time("waits", x => x.wait_ms),
    count("refused", x => x.refused + (x.dropped ?? 0) + (x.expired ?? 0)),
    ["switches", x => n.whole(x.switches)],
    ["energy", x => x.energy_by ? `${n.fixed(x.energy_j, 0)} J` : n.none],
  ],
  end: [["delivered", (x, live) => n.whole(live?.delivered)], time("age", (x, live) => live?.age_p50_ms), count("duplicates", (x, live) => live?.duplicates)],
};
const rates = {client: ["out"], worker: ["in", "out"], end: ["in"]};

export class Pipeline {
  constructor(at) {
    this.at = at;
    this.arrows = svg("svg", {"aria-hidden": "true", class: "arrows"});
    this.stages = html("div", {class: "stages"});
    at.append(this.arrows, this.stages);
    this.cards = new Map();
    onResize(at, () => this.lay());
  }

  draw(status, samples) {
    Object.assign(this, {status, samples});
    this.columns = columns(status.nodes ?? [], status.run ?? status.last);
    const shape = this.columns.map(c => c.map(key).join("\n")).join("\n\n");
    if (shape !== this.shape) this.build(shape);
    for (const node of this.columns.flat()) this.cards.get(key(node)).show(node, status);
    this.lay();
  }

  build(shape) {
    this.shape = shape;
    const old = this.cards;
    this.cards = new Map(this.columns.flat().map(node => [key(node), old.get(key(node)) ?? new Card(node)]));
    this.stages.replaceChildren(...this.columns.map(column =>
      html("div", {class: "stage"}, ...column.map(node => this.cards.get(key(node)).at))));
  }

  // lay chooses the direction, and draws the arrows where the cards have come to stand.
  lay() {
    if (!this.columns) return;
    const count = this.columns.length, wide = this.at.clientWidth >= count * 132 + (count - 1) * 62;
    const middle = this.columns.slice(1, -1);
    this.at.className = wide ? middle.length > 1 ? "across over" : "across" : middle.some(c => c.length > 1) ? "down fork" : "down";
    const [width, height] = [this.at.clientWidth, this.at.clientHeight];
    this.arrows.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.arrows.replaceChildren(...(wide ? this.across() : this.down(width)));
  }

  box(node) {
    const card = this.cards.get(key(node)).at;
    const [x, y, w, h] = [card.offsetLeft, card.offsetTop, card.offsetWidth, card.offsetHeight];
    return {x, y, w, h, right: x + w, bottom: y + h, cx: x + w / 2, cy: y + h / 2};
  }

  // rate is what flows along an arrow, in frames per second.
  rate({from, to, carries}) {
    if (!this.status.run || gone(carries === "finished" ? from : to)) return undefined;
    if (carries === "finished") return perSecond(this.samples, this.samples.length - 1, from, "finished");
    return to.rate_in;
  }

  across() {
    const bus = 14, marks = [];
    for (const e of edges(this.columns)) {
      const a = this.box(e.from), b = this.box(e.to), rate = this.rate(e);
      if (e.bypass) {
        const x = b.cx, d = `M${a.cx} ${a.y}V${bus + 8}q0 -8 8 -8H${x - 8}q8 0 8 8V${b.y - 1}`;
        marks.push(...arrow(d, e, rate, [x, b.y, 90], [a.cx + 12, bus + 16, "start"], " f/s finished here"));
        continue;
      }
      const y1 = a.cy, y2 = spread(b, this.column(e.from), e.from), m = (b.x - a.right) / 2;
      const d = `M${a.right} ${y1}C${a.right + m} ${y1} ${b.x - m} ${y2} ${b.x - 1} ${y2}`;
      // The rate stands where the ways are apart, on the side from which none comes.
      const fan = this.column(e.to).length > 1, beside = (fan ? y2 > y1 : y2 < y1) && Math.abs(y2 - y1) > 1 ? 16 : -7;
      marks.push(...arrow(d, e, rate, [b.x, y2, 0], fan ? [b.x - 10, y2 + beside, "end"] : [a.right + 6, y1 + beside, "start"]));
    }
    return marks;
  }

  down(width) {
    const marks = [], bus = width - 10, fork = 10;
    for (const e of edges(this.columns)) {
      const a = this.box(e.from), b = this.box(e.to), rate = this.rate(e);
      const many = this.column(e.from).length > 1;
      if (e.bypass || many) {
        const y = many ? a.cy : a.y + 24;
        marks.push(...arrow(`M${a.right} ${y}H${bus - 8}q8 0 8 8V${b.cy - 8}q0 8 -8 8H${b.right + 1}`, e, rate, [b.right, b.cy, 180], [a.right + 3, y - 5, "start"], ""));
      } else if (this.column(e.to).length > 1) {
        const y = b.cy;
        marks.push(...arrow(`M${a.x + 20} ${a.bottom}v8q0 8 -8 8H${fork + 8}q-8 0 -8 8V${y - 8}q0 8 8 8H${b.x - 1}`, e, rate, [b.x, y, 0], [fork + 4, y - 6, "start"], ""));
      } else {
        marks.push(...arrow(`M${a.cx} ${a.bottom}V${b.y - 1}`, e, rate, [b.cx, b.y, 90], [a.cx + 10, (a.bottom + b.y) / 2 + 4, "start"]));
      }
    }
    return marks;
  }

  column(node) { return this.columns.find(c => c.includes(node)); }
}

// spread keeps apart the arrows that come from several nodes to one.
function spread(box, column, from) {
  const gap = Math.min(26, box.h / (column.length + 1));
  return box.cy + (column.indexOf(from) - (column.length - 1) / 2) * gap;
}

// arrow is a way with its tip and its rate: thick where much flows, faint where nothing does.
function arrow(d, {carries}, rate, [tx, ty, turn], [x, y, anchor], unit = " f/s") {
  const kind = `${carries} ${rate > 0 ? "" : "still"}`;
  const width = rate > 0 ? round(1.5 + Math.min(3.5, Math.sqrt(rate) / 2)) : 1.5;
  const marks = [
    svg("path", {class: `way ${kind}`, d, "stroke-width": width}),
    svg("path", {class: `tip ${kind}`, d: "M0 0L-9 -5V5Z", transform: `translate(${tx} ${ty}) rotate(${turn})`}),
  ];
  if (rate !== undefined) {
    marks.push(svg("text", {class: "flow", x, y, "text-anchor": anchor}, n.fixed(rate, 1) + unit));
  }
  return marks;
}

const key = node => `${node.role} ${node.address ?? ""}`;

// Card is one node.
class Card {
  constructor({role, address = ""}) {
    this.kind = role in rows ? role : "worker";
    this.state = html("span", {class: "state"});
    this.rates = rates[this.kind].map(way => [way, html("b")]);
    this.queue = html("b");
    this.level = html("span", {class: "level"});
    this.fill = html("p", {class: "queue"}, html("span", {class: "trough", "aria-hidden": "true"}, this.level), html("span", {}, "queue ", this.queue));
    this.list = rows[this.kind].map(([name]) => [name, html("dd")]);
    this.note = html("p", {class: "note"});
    this.members = html("ul", {class: "members"});
    this.at = html("article", {class: `node ${role}`, "aria-label": `${role} ${address}`},
      html("header", {}, html("h3", {}, role), this.state),
      html("p", {class: "address", title: address || undefined}, address),
      html("p", {class: "rates"}, ...this.rates.map(([way, at]) => html("span", {}, `${way} `, at)), "f/s"),
      this.kind === "worker" ? this.fill : null,
      html("dl", {}, ...this.list.map(([name, at]) => html("div", {}, html("dt", {}, name), at))),
      this.note, this.members);
  }

  show(node, {run, live}) {
    const members = node.nodes ?? [], lost = run ? gone(node) : node.missed, {queue = 0, capacity = 0, place} = node;
    const state = place ? "" : lost ? lack(node, run) : run && node.state || "";
    this.at.dataset.state = place ? "place" : lost ? "silent" : state.replace(" ", "-");
    set(this.state, state);
    for (const [way, at] of this.rates) set(at, run && !lost ? n.fixed(node[`rate_${way}`], 1) : n.none);
    set(this.queue, place ? n.none : `${queue} / ${capacity}`);
    this.fill.classList.toggle("full", capacity > 0 && queue >= capacity);
    this.level.style.transform = `scaleX(${capacity ? Math.min(1, queue / capacity) : 0})`;
    rows[this.kind].forEach(([, text, bad], i) => {
      set(this.list[i][1], place ? n.none : text(node, live));
      this.list[i][1].classList.toggle("bad", !place && Boolean(bad?.(node, live)));
    });
    set(this.note, members.length ? shared(members, x => noted({...x, device: ""}, run)) : noted(node).join(", "));
    this.note.title = this.note.textContent;
    this.note.classList.toggle("bad", Boolean(node.throttled) || members.some(x => x.throttled || run && gone(x)));
    this.members.replaceChildren(...members.map(x => member(x, run)));
  }
}

// lack is what is wrong with a node that is gone: it is down, or silent, for so long; once the run is closed, its ledger lacks.
const lack = (x, run) => !run ? "no ledger" : [x.missed ? "down" : "silent", x.staleness_s > silent && n.duration(x.staleness_s)].filter(Boolean).join(" ");

// noted is what is out of the ordinary with a node.
const noted = (x, run) => [run && gone(x) && (x.missed ? "down" : "silent"), x.throttled && "throttled", x.device,
  x.emulate && x.emulate !== "off" && `emulating ${x.emulate}`].filter(Boolean);

// shared says once what several nodes have in common.
function shared(nodes, facts) {
  const all = Map.groupBy(nodes.flatMap(facts), fact => fact);
  return [...all].sort(([, a], [, b]) => a.length - b.length).map(([fact, {length}]) => `${length === nodes.length ? "all" : length} ${fact}`).join(", ");
}

// member is one node of a group: a queue, and more for who asks.
function member(x, run) {
  const level = html("span", {class: "level"}), lost = run && gone(x), full = x.capacity > 0 && x.queue >= x.capacity;
  level.style.transform = `scaleX(${x.capacity ? Math.min(1, x.queue / x.capacity) : 0})`;
  const title = [`${x.address}: queue ${x.queue ?? 0} / ${x.capacity ?? 0}`, `in ${n.fixed(x.rate_in, 1)} f/s`, ...noted(x, run)].join(", ");
  return html("li", {title, class: full ? "full" : undefined, "data-state": lost ? "silent" : undefined}, html("span", {class: "trough"}, level));
}

// set writes a text where it has changed.
function set(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

// causes are what is said of frames that were last seen on a node.
const causes = {gone: "refused, dropped, expired or lost on", died: "died with", forgotten: "forgotten by"};

const lastSeen = ({frames, cause, ...node}) => `${/[-,]/.test(frames) ? "Frames" : "Frame"} ${frames.replaceAll(",", ", ")}: ` +
  (causes[cause] ? `${causes[cause]} ${named(node)}` : "unaccounted for, as no node tells of them");

// The ledgers: received = refused + dropped + expired + forwarded + finished + lost + skipped + still here, and why.
const outcomes = ["received", "refused", "dropped", "expired", "forwarded", "finished", "lost", "skipped"];

export function drawLedger(at, status) {
  if (!at.open) return;
  const nodes = status.nodes ?? [], several = nodes.filter(x => x.role === "slow").length > 1;
  const cell = text => html("td", {}, text);
  at.lastElementChild.replaceChildren(html("table", {},
    html("thead", {}, html("tr", {}, ...["node", ...outcomes, "here", "busy s", "decisions"].map(h => html("th", {scope: "col"}, h)))),
    html("tbody", {}, ...nodes.map(x => html("tr", {},
      html("th", {scope: "row", title: x.address || undefined}, several && x.role === "slow" ? named(x) : x.role),
      ...outcomes.map(o => cell(n.whole(x[o]))),
      cell(n.whole(x.received - outcomes.slice(1).reduce((sum, o) => sum + (x[o] ?? 0), 0))),
      cell(n.fixed(x.busy_ms / 1000, 1)),
      cell(Object.entries(x.decisions ?? {}).sort((a, b) => b[1] - a[1]).map(([why, count]) => `${why} ${count}`).join(", ")))))),
    html("ul", {class: "seen"}, ...(status.last?.last_seen ?? []).map(s => html("li", {}, lastSeen(s)))));
}
