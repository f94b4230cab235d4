// Drawing with SVG: elements, scales and axes, for the charts over time and the sweeps.

import {plain} from "./numbers.js";

export function svg(name, attributes = {}, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) if (v !== undefined) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}

export function html(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children.filter(c => c !== undefined && c !== null));
  return e;
}

// scale maps a range of values to a range of pixels.
export const scale = (from, to, left, right) => v => left + (v - from) / (to - from || 1) * (right - left);

// step is the 1, 2 or 5 times a power of ten that divides a span into at most so many parts.
export function step(span, parts) {
  const raw = span / parts || 1, power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find(m => m * power >= raw * 0.999) ?? 10);
}

export function ticks(from, to, parts) {
  const s = step(to - from, parts), all = [];
  for (let i = Math.ceil(from / s - 1e-9); i * s <= to + s * 1e-9; i++) all.push(+(i * s).toPrecision(12));
  return all;
}

// above is a round number that is not less than the value, so that an axis changes seldom.
export function above(value, parts) {
  const s = step(Math.max(value, 1e-9), parts);
  return Math.ceil(value / s - 1e-9) * s;
}

// levels are the lines of a vertical axis with their numbers.
export const levels = (values, y, left, right) => values.flatMap((v, i) => [
  svg("line", {class: i ? "grid" : "axis", x1: left, x2: right, y1: y(v), y2: y(v)}),
  svg("text", {x: left - 6, y: y(v) + 3.5, "text-anchor": "end"}, plain(v)),
]);

export const round = v => Math.round(v * 10) / 10;

// line is the path through points; one that is null ends a piece.
export function line(points) {
  let d = "", pen = "M";
  for (const p of points) {
    if (!p) { pen = "M"; continue; }
    d += `${pen}${round(p[0])} ${round(p[1])}${pen === "M" ? "h0" : ""}`; // alone it is a dot
    pen = "L";
  }
  return d;
}

// onResize calls back with an element's width, now and whenever it changes.
export function onResize(element, call) {
  let width = 0;
  new ResizeObserver(([entry]) => {
    const w = Math.round(entry.contentRect.width);
    if (w && w !== width) call(width = w);
  }).observe(element);
}

// marker is a point of a series, in a shape of its own, so that colours need not be told apart.
const shapes = ["M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M-4-4H4V4H-4Z", "M0-5L5 4H-5Z", "M0-5.5L5.5 0L0 5.5L-5.5 0Z", "M0 5L5-4H-5Z"];
export const marker = (colour, shape, x, y) =>
  svg("path", {class: `mark ${colour}`, d: shapes[shape % shapes.length], transform: `translate(${round(x)} ${round(y)})`});
