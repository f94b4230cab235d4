// The page of the end node: it receives a sample each second and every report by server-sent events, and draws them.
//
//   events ──▶ page.js ──┬──▶ pipeline.js        the nodes, and what flows between them
//              samples   ├──▶ course.js          charts of the last minutes
//              runs      └──▶ runs.js, sweep.js  past runs
//
// All addresses are relative, so that it works behind TLS, passwords and proxies.

import {Pipeline, drawLedger} from "./pipeline.js";
import {Course} from "./course.js";
import {RunsTable} from "./runs.js";
import {Sweep} from "./sweep.js";
import {named, versions, withMissed} from "./shape.js";
import {add, same, short} from "./samples.js";
import * as n from "./numbers.js";

const $ = id => document.getElementById(id);

let status = null; // the last sample's
let samples = [];
let runs = []; // reports, oldest first

const pipeline = new Pipeline($("pipeline"));
const course = new Course($("charts"), $("cursor"), $("span"));
const table = new RunsTable($("runs"));
const sweep = new Sweep($("sweep"));

// Drawing waits for the next frame, and a page that nobody sees does not draw.
let due = false;
function draw() {
  if (due || document.hidden) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (!status) return;
    drawNow();
    const shown = status.run ? {...status, nodes: withMissed(status.nodes ?? [], status.live?.down)} : resting();
    pipeline.draw(shown, samples);
    drawLedger($("ledger"), shown);
    course.draw(samples, id => (status?.run?.id === id ? status.run : runs.find(r => r.run === id))?.strategy);
  });
}
document.addEventListener("visibilitychange", draw);
$("ledger").addEventListener("toggle", draw);

// resting is the pipeline between runs: as the last one left it, by its report.
function resting() {
  const last = runs.at(-1);
  if (!last) return status;
  const nodes = (last.nodes ?? []).map(x => ({...status.nodes.find(y => same(x, y)), ...x, queue: 0}));
  return {...status, nodes: withMissed(nodes, last.missing), last, live: {...last, age_p50_ms: last.latency_ms?.p50}};
}

function drawRuns() {
  table.show(runs);
  sweep.show(runs);
  $("runs-count").textContent = runs.length ? `${runs.length} since this node was started` : "";
  for (const id of ["csv", "jsonl"]) $(id).parentElement.hidden = runs.length === 0;
}

// drawNow fills in the head: the open run, or the last one.
function drawNow() {
  const {run, live} = status, last = run ? undefined : runs.at(-1), shown = run ?? last;
  const now = run ? {...live, p50: live?.age_p50_ms, p95: live?.age_p95_ms} : {...last, ...last?.latency_ms, sent: last?.frames};
  const ages = run ? "in the last 2 s" : last ? "of the whole run" : "";
  const figures = {
    coverage: n.percent(now.coverage), delivered: shown ? `${n.whole(now.delivered)} of ${n.whole(now.sent)} sent` : "",
    rate: n.fixed(now.rate, 1), offered: shown?.interval_ms ? `offered ${n.fixed(1000 / shown.interval_ms, 1)}` : "",
    p50: n.ms(now.p50), p95: n.ms(now.p95), p50of: ages, p95of: ages,
    version: status.version ?? "",
    down: missed(run && live),
    versions: versions(status.nodes ?? []),
    strategy: run ? withTasks(run) : "No run is open",
    run: run ? describe(run, `open for ${n.duration(run.open_s)}`)
      : last ? `The last one: ${withTasks(last)}, ${describe(last, `took ${n.duration(last.elapsed_s)}`)}`
      : "None has been closed since this node was started.",
    cut: run?.cuts?.length ? `${run.model}, cut at ${run.cuts.join(", ")}${run.recuts ? ", moved " + (run.recuts > 1 ? `${run.recuts} times` : "once") : ""}` : last ? "as the last run left it" : "",
    command: `./tandem --role client --next ${status.nodes?.find(x => x.role === "fast")?.address || "fast:12345"}`,
  };
  for (const [id, text] of Object.entries(figures)) $(id).textContent = text;
  $("start").hidden = Boolean(run);
  for (const id of ["down", "versions"]) $(id).hidden = !figures[id];
  $("live").classList.toggle("past", !run);
  $("progress").hidden = !run?.frames;
  $("progress").value = run?.frames ? Math.min(1, (now.sent ?? 0) / run.frames) : 0;
  document.title = run ? `${figures.rate} f/s, ${figures.coverage} % – tandem` : "tandem";
}

// missed names the nodes that do not answer, of many the first.
const missed = live => {
  const down = live?.down ?? [], shown = 3, more = down.length > shown ? ` and ${down.length - shown} more` : "";
  return down.length ? `${down.slice(0, shown).map(named).join(", ")}${more} ${down.length > 1 ? "do" : "does"} not answer` : "";
};

const withTasks = r => r.tasks ? `${r.strategy}, ${r.tasks} tasks` : r.strategy;

const describe = (r, time) => [
  r.frames ? `${n.whole(r.frames)} frames` : "frames until it is stopped",
  r.interval_ms ? n.per(r.interval_ms) : "as fast as they are taken",
  r.load && `${r.load} load`,
  time,
].filter(Boolean).join("\u00a0· ");

// said is for those who listen to the page: what happens seldom, never the numbers.
const say = text => { $("said").textContent = text; };

// The link to the node. EventSource comes back by itself after a break; where it gives up, because the node has refused
// the stream, and where a dead network keeps it waiting, a timer makes a new one.
const late = 3500, dead = 20_000, again = 5000;
let source, watch, tried = 0, received = performance.now();

function connect() {
  source?.close();
  source = new EventSource("events");
  tried = performance.now();
  on("history", h => {
    samples = (h.samples ?? []).map(short);
    runs = h.runs ?? [];
    drawRuns();
  });
  on("sample", s => {
    if (status?.run?.id !== s.status.run?.id && s.status.run) say(`A run was opened: ${withTasks(s.status.run)}`);
    const [was, is] = [status, s.status].map(x => missed(x?.live));
    if (was !== is && s.status.run) say(is || "All nodes answer again");
    status = s.status;
    add(samples, short(s));
  });
  on("run", r => {
    runs = [...runs.filter(x => x.run !== r.run), r].slice(-500);
    say(`A run was closed: ${withTasks(r)}, coverage ${n.percent(r.coverage)} %, ${n.fixed(r.rate, 1)} frames per second`);
    drawRuns();
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      refusal().then(why => link("broken", why));
      clearTimeout(watch);
      watch = setTimeout(connect, again);
    } else {
      link("broken", "connection lost, trying again");
    }
  };
  listen();
}

// on handles one kind of event.
function on(kind, handle) {
  source.addEventListener(kind, e => {
    received = performance.now();
    handle(JSON.parse(e.data));
    link("live", "live");
    listen();
    draw();
  });
}

// listen expects the next sample.
function listen() {
  clearTimeout(watch);
  watch = setTimeout(() => {
    const now = performance.now();
    link("broken", `no news for ${Math.round((now - received) / 1000)} s`);
    if (now - Math.max(received, tried) > dead) return connect();
    listen();
  }, late);
}

// refusal asks for the reason, which EventSource keeps to itself.
async function refusal() {
  const stop = new AbortController();
  try {
    const answer = await fetch("events", {signal: stop.signal});
    if (!answer.ok) return (await answer.text()).trim().slice(0, 200) || answer.statusText;
  } catch { /* the network's reason says nothing */ } finally {
    stop.abort();
  }
  return "connection lost, trying again";
}

function link(state, text) {
  const at = $("link");
  if (at.dataset.link !== state && (state === "broken" || at.dataset.link === "broken")) say(state === "live" ? "connected again" : text);
  at.dataset.link = state;
  at.firstElementChild.textContent = text;
  document.body.classList.toggle("stale", state === "broken");
}

drawRuns();
connect();
