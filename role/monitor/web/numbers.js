// How numbers are written: always as wide as the same number of digits, and a dash where there is none.

export const none = "–";

export const fixed = (v, digits) => Number.isFinite(v) ? v.toFixed(digits) : none;

export const whole = v => Number.isFinite(v) ? Math.round(v).toLocaleString("en") : none;

export const percent = v => fixed(v, v === 100 ? 0 : 1);

// Milliseconds without their unit: a tenth matters for a layer, not for an age.
export const ms = v => fixed(v, v < 10 ? 1 : 0);

// Short for axes: 0.5, 20, 1500.
export const plain = v => String(+v.toPrecision(4));

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const pad = n => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${pad(s % 60)}` : `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}

export const clock = t => new Date(t).toLocaleTimeString("en-GB");

export const per = v => `one every ${+v.toPrecision(3)} ms`;
