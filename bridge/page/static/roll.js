// The piano roll: what comes moves towards the line of now. Places are beats; the bridge says cells.
// The music is drawn on a sheet, a lane where it changes; the browser moves the sheet by itself.
import { Lane, make } from "/lane.js";

const GUTTER = 104, RIBBON = 34, RULER = 20, GAP = 6;
const SHOWN_MS = 60; // news of so long is drawn at once
const RUN_S = 60; // of a movement, unless the tempo changes
const OFF_PIXELS = 1.5; // from where the music is: then the sheet is moved anew
const TEXT = "system-ui, DejaVu Sans, sans-serif";

export class Roll {
  constructor(element) {
    this.element = element;
    this.dirty = true;
    this.shownAt = -Infinity;
    this.lanes = new Map();
    this.sheet = make("sheet", element, "", "canvas");
    this.pen = this.sheet.getContext("2d", { alpha: false });
    this.ahead = make("ahead", element); // of the player nobody knows what comes
    this.line = make("now", element);
    this.gutter = make("gutter", element);
    make("word ribbon", this.gutter, "chords");
    make("word ruler", this.gutter, "bar");
    const style = getComputedStyle(document.documentElement);
    this.colours = Object.fromEntries(["you", "melody", "bass", "drums", "chords", "ink", "soft"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    new ResizeObserver(() => this.resize()).observe(element);
    this.resize();
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    this.wide = box.width - GUTTER;
    this.high = box.height;
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.placed = "";
    this.bar = null;
    this.dirty = true;
  }

  pattern() {
    const tile = make("", null, "", "canvas");
    tile.width = tile.height = 10;
    const pen = tile.getContext("2d");
    pen.strokeStyle = "#39424f"; pen.lineWidth = 1;
    pen.beginPath(); pen.moveTo(-2, 12); pen.lineTo(12, -2); pen.moveTo(-2, 2); pen.lineTo(2, -2); pen.moveTo(8, 12); pen.lineTo(12, 8); pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }

  /** The music at `beat`; `calm`, the picture stands and only the line of now moves, beat by beat.
   *  Gives the beat at which it is to be drawn again, where no news comes before. */
  draw(state, beat, calm) {
    const { beats } = state.stage, shown = Math.max(1.5, Math.min(4, this.wide / 260)) * beats;
    const behind = Math.min(beats * 0.75, shown * 0.3);
    const from = calm ? Math.floor(beat / beats) * beats - 0.25 : beat - behind, now = calm ? Math.floor(beat + 1e-6) : beat;
    const bar = Math.floor(from / beats), turned = bar !== this.bar;
    if (turned) this.turn(bar, beats, shown);
    const at = Math.round(GUTTER + (now - from) * this.scale);
    if (at !== this.at) { this.at = at; this.element.style.setProperty("--now", `${at}px`); }
    this.move(GUTTER - (from - this.from) * this.scale, calm || !state.play || !state.play.rolling ? 0 : (this.scale * state.play.bpm) / 60);
    if (turned || (this.dirty && performance.now() - this.shownAt >= SHOWN_MS) || now >= this.changesAt || now < this.drawnAt) this.show(state, now, turned);
    return Math.min(this.changesAt, (bar + 1) * beats + behind);
  }

  /** Begins the sheet anew for `bar` and those after it. */
  turn(bar, beats, shown) {
    this.bar = bar;
    this.beats = beats;
    this.scale = Math.round(this.wide / shown);
    this.from = bar * beats;
    this.to = this.from + Math.ceil(shown) + beats + 1;
    const wide = Math.round((this.to - this.from) * this.scale * this.ratio), high = Math.round(this.high * this.ratio);
    if (this.sheet.width !== wide || this.sheet.height !== high) {
      this.sheet.width = wide; this.sheet.height = high;
      this.sheet.style.width = `${wide / this.ratio}px`; this.sheet.style.height = `${this.high}px`;
      this.hatch = this.pattern();
    }
    this.running = null;
  }

  /** Lets the sheet, which is to be at `x` now, run on to the left, so many pixels a second.
   *  It moves by whole pixels: those are copied, and a part of one would be drawn anew. */
  move(x, speed) {
    const at = performance.now() / 1000, run = this.running;
    if (run && run.speed === speed && at < run.at + RUN_S && Math.abs(run.x - speed * (at - run.at) - x) < OFF_PIXELS) return;
    this.running = { x, speed, at };
    const place = (pixels) => `translate3d(${Math.round(pixels * this.ratio) / this.ratio}px,0,0)`;
    if (this.animation) this.animation.cancel();
    this.animation = null;
    this.sheet.style.transform = place(x);
    const far = Math.round(speed * RUN_S);
    if (!far) return;
    this.animation = this.sheet.animate([{ transform: place(x) }, { transform: place(x - far) }],
      { duration: (far / speed) * 1000, easing: `steps(${Math.round(far * this.ratio)}, jump-end)`, fill: "forwards" });
    this.animation.startTime = at * 1000; // else it would wait for a frame
  }

  /** Draws what changed, or all of it on a sheet that was `turned`. */
  show(state, now, turned) {
    const { stands, stage: { cells } } = state, solo = Object.keys(stands).some((id) => id.startsWith("solo:") && stands[id] >= 0.5);
    const all = turned || this.place(state) || now < this.drawnAt;
    if (turned) this.place(state);
    this.dirty = false;
    this.shownAt = performance.now();
    this.drawnAt = now;
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.pen.textBaseline = "middle";
    this.pen.textAlign = "left";
    if (all) {
      this.pen.fillStyle = "#0d1016"; this.pen.fillRect(0, 0, this.sheet.width, this.high);
      this.lines(RIBBON, this.high);
      this.numbers();
    }
    if (all || this.chords !== state.chords || now >= this.chordsAt) this.chordsAt = this.ribbon(state.chords, now);
    this.changesAt = this.chordsAt;
    for (const [key, lane] of this.lanes) {
      const { mine, role } = lane, part = state.parts[key];
      const silent = stands[`mute:${role}`] >= 0.5 ? "muted" : solo && !(stands[`solo:${role}`] >= 0.5) ? "not solo" : "";
      const said = mine ? "" : silent || (stands.lock >= 0.5 ? "locked" : "");
      if (all || lane.part !== part || lane.said !== said || now >= lane.changesAt) lane.changesAt = lane.draw(this, part, cells, now, said);
      Object.assign(lane, { part, said });
      this.changesAt = Math.min(this.changesAt, lane.changesAt);
    }
  }

  /** A lane for each part, one below the other; whether they or the space for them changed. */
  place(state) {
    const keys = Object.keys(state.parts).sort((a, b) => this.rank(a) - this.rank(b));
    const placed = [...keys, this.wide, this.high].join();
    if (placed === this.placed) return false;
    this.placed = placed;
    for (const [key, lane] of this.lanes) if (!keys.includes(key)) { lane.remove(); this.lanes.delete(key); }
    for (const key of keys) if (!this.lanes.has(key)) this.lanes.set(key, new Lane(key, this.gutter, this.colours));
    const top = RIBBON + RULER, each = Math.floor((this.high - top - 4) / Math.max(1, keys.length));
    this.ahead.replaceChildren();
    keys.forEach((key, at) => {
      const y = top + at * each + GAP / 2;
      this.lanes.get(key).place(y, each - GAP);
      if (key.startsWith("you")) make("lane", this.ahead).style.cssText = `top:${y}px;height:${each - GAP}px`;
    });
    return true;
  }

  rank(key) { return (key.startsWith("you") ? 0 : 10) + ["melody", "chords", "bass", "drums"].indexOf(key.split(":")[1]); }

  x(beat) { return (beat - this.from) * this.scale; }

  lines(top, high) {
    for (let beat = this.from; beat < this.to; beat++) {
      const isBar = beat % this.beats === 0;
      this.pen.fillStyle = isBar ? "#56627a" : "#242b37";
      this.pen.fillRect(this.x(beat), isBar ? top : Math.max(top, RIBBON + RULER), isBar ? 2 : 1, high);
    }
  }

  numbers() {
    this.pen.fillStyle = this.colours.soft; this.pen.font = `600 12px ${TEXT}`;
    for (let beat = Math.max(0, this.from); beat < this.to; beat += this.beats) this.pen.fillText(String(beat / this.beats + 1), this.x(beat) + 7, RIBBON + RULER / 2);
  }

  /** Draws the chords; gives the beat at which another one sounds. */
  ribbon(chords, now) {
    const pen = this.pen;
    this.chords = chords;
    pen.fillStyle = "#0d1016"; pen.fillRect(0, 0, this.sheet.width, RIBBON);
    let next = Infinity;
    for (const [from, length, name, sure] of chords) {
      for (const edge of [from, from + length]) if (edge > now && edge < next) next = edge;
      if (from > this.to || from + length < this.from) continue;
      const left = this.x(from) + 1, right = this.x(from + length) - 2, told = sure >= 100;
      pen.globalAlpha = told ? 1 : 0.25 + 0.6 * sure / 100;
      pen.fillStyle = from <= now && now < from + length ? "#5a501f" : "#2c2a1d";
      pen.strokeStyle = this.colours.chords; pen.lineWidth = 1.5;
      pen.setLineDash(told ? [] : [5, 4]);
      pen.beginPath(); pen.roundRect(left, 5, Math.max(3, right - left), RIBBON - 9, 7); pen.fill(); pen.stroke();
      pen.setLineDash([]); pen.globalAlpha = 1;
      pen.save(); pen.beginPath(); pen.rect(left, 0, right - left, RIBBON); pen.clip();
      pen.fillStyle = this.colours.ink; pen.font = `700 15px ${TEXT}`;
      const word = Math.max(left, 0) + 8;
      pen.fillText(name, word, RIBBON / 2 + 1);
      const after = word + 7 + pen.measureText(name).width;
      pen.font = `12px ${TEXT}`; pen.fillStyle = "#d9d3b4";
      if (!told && after + 26 < right) pen.fillText(`${sure}%`, after, RIBBON / 2 + 1);
      pen.restore();
    }
    return next;
  }
}
