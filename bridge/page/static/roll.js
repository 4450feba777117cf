// The piano roll: what comes moves towards the line of now. Places are beats; the bridge says cells.
// The music is a strip of elements that the browser draws when they change, and moves by itself.
import { Lane, make } from "/lane.js";

const GUTTER = 104, RIBBON = 34, RULER = 20, GAP = 6;
const SHOWN_MS = 90; // news of so long is drawn at once: each time costs as much as many frames
const SHEET_BARS = 8; // then the strip begins anew, a little to the right
const RUN_S = 60; // of an animation, unless the tempo changes
const OFF_PIXELS = 1.5; // from where the music is: then the strip is moved anew

export class Roll {
  constructor(element) {
    this.element = element;
    this.dirty = true;
    this.shownAt = this.changesAt = -Infinity;
    this.lanes = new Map();
    this.bars = new Map(); // bar -> its line and number
    this.chords = new Map();
    this.strip = make("strip", element);
    this.ground = make("ground", this.strip);
    this.song = make("song", this.strip);
    this.ahead = make("ahead", element); // of the player nobody knows what comes
    this.line = make("now", element);
    this.gutter = make("gutter", element);
    make("word ribbon", this.gutter, "chords");
    make("word ruler", this.gutter, "bar");
    new ResizeObserver(() => this.resize()).observe(element);
    this.resize();
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    this.wide = box.width - GUTTER;
    this.high = box.height;
    this.ratio = devicePixelRatio || 1;
    this.placed = "";
    this.sheet = null;
    this.dirty = true;
  }

  /** The music at `beat`; `calm`, the picture stands and only the line of now moves, beat by beat.
   *  Gives the beat at which it is to be drawn again, where nothing comes before. */
  draw(state, beat, calm) {
    const { beats, cells } = state.stage, shown = Math.max(1.5, Math.min(4, this.wide / 260)) * beats;
    const behind = Math.min(beats * 0.75, shown * 0.3);
    const from = calm ? Math.floor(beat / beats) * beats - 0.25 : beat - behind, now = calm ? Math.floor(beat + 1e-6) : beat;
    const bar = Math.floor(from / beats), sheet = Math.floor(bar / SHEET_BARS);
    this.scale = Math.round(this.wide / shown);
    const turned = sheet !== this.sheet;
    if (turned) this.turn(sheet, beats, shown);
    const x = GUTTER - (from - this.first) * this.scale, at = Math.round(GUTTER + (now - from) * this.scale);
    if (at !== this.at) { this.at = at; this.element.style.setProperty("--now", `${at}px`); }
    this.move(x, calm || !state.play || !state.play.rolling ? 0 : (this.scale * state.play.bpm) / 60);
    // what is a bar away on either side is drawn too, so that it is there when it comes into sight
    const moved = turned || bar !== this.bar;
    if (moved || (this.dirty && performance.now() - this.shownAt >= SHOWN_MS)) {
      this.dirty = false;
      this.bar = bar;
      this.shownAt = performance.now();
      this.show(state, (bar - 1) * beats, (bar + 2) * beats + shown, beats, cells, now, moved);
      this.changesAt = -Infinity;
    }
    if (now >= this.changesAt || now < this.soundedAt) this.sound(state, now);
    return Math.min(this.changesAt, (bar + 1) * beats + behind);
  }

  /** Begins the strip anew for the bars of `sheet`. */
  turn(sheet, beats, shown) {
    this.sheet = sheet;
    this.first = (sheet * SHEET_BARS - 1) * beats;
    this.song.style.left = `${-this.first * this.scale}px`;
    this.strip.style.width = `${Math.ceil((SHEET_BARS * beats + 4 * beats + shown) * this.scale)}px`;
    this.running = null;
  }

  /** Lets the strip, which is to be at `x` now, run on to the left, so many pixels a second.
   *  It moves by whole pixels: those are copied, and a part of one would be drawn anew. */
  move(x, speed) {
    const at = document.timeline.currentTime / 1000, run = this.running;
    if (run && run.speed === speed && at < run.at + RUN_S && Math.abs(run.x - speed * (at - run.at) - x) < OFF_PIXELS) return;
    this.running = { x, speed, at };
    const place = (pixels) => `translate3d(${Math.round(pixels * this.ratio) / this.ratio}px,0,0)`;
    if (this.animation) this.animation.cancel();
    this.animation = null;
    this.strip.style.transform = place(x);
    const far = Math.round(speed * RUN_S);
    if (!far) return;
    this.animation = this.strip.animate([{ transform: place(x) }, { transform: place(x - far) }],
      { duration: (far / speed) * 1000, easing: `steps(${Math.round(far * this.ratio)}, jump-end)`, fill: "forwards" });
    this.animation.startTime = document.timeline.currentTime;
  }

  show(state, from, to, beats, cells, now, moved) {
    const placed = this.place(state);
    for (const [key, lane] of this.lanes) if (moved || placed || lane.part !== state.parts[key]) lane.show(state.parts[key], cells, from, to, now);
    const bars = [];
    for (let bar = Math.max(0, Math.floor(from / beats)); bar * beats < to; bar++) bars.push([String(bar), bar * beats]);
    this.keep(this.bars, bars, "bar", (element, [name, at]) => {
      element.style.cssText = `left:${at * this.scale}px;width:${beats * this.scale}px;background-size:${this.scale}px 100%`;
      element.textContent = Number(name) + 1;
    });
    const chords = state.chords.filter(([at, length]) => at < to && at + length > from);
    this.keep(this.chords, chords.map((chord) => [chord.join(), ...chord]), "chord-box", (element, [, at, length, name, sure]) => {
      element.style.cssText = `left:${at * this.scale + 1}px;width:${length * this.scale - 3}px`;
      element.classList.toggle("told", sure >= 100);
      element.textContent = name;
      if (sure < 100) make("word", element, `${sure}%`);
    });
  }

  /** Keeps in `known` an element of `kind` for each of `wanted`, its name first; `draw` makes those that are new. */
  keep(known, wanted, kind, draw) {
    const names = new Set(wanted.map(([name]) => name));
    for (const [name, element] of known) if (!names.has(name)) { element.remove(); known.delete(name); }
    for (const one of wanted) if (!known.has(one[0])) { const made = make(kind, this.song); draw(made, one); known.set(one[0], made); }
  }

  /** A lane for each part, one below the other; whether they or the space for them changed. */
  place(state) {
    const keys = Object.keys(state.parts).sort((a, b) => this.rank(a) - this.rank(b));
    const placed = [...keys, this.wide, this.high, this.scale].join();
    if (placed === this.placed) return false;
    this.placed = placed;
    for (const [key, lane] of this.lanes) if (!keys.includes(key)) { lane.remove(); this.lanes.delete(key); }
    for (const key of keys) if (!this.lanes.has(key)) this.lanes.set(key, new Lane(key, this.song, this.gutter));
    const top = RIBBON + RULER, each = Math.floor((this.high - top - 4) / Math.max(1, keys.length));
    this.ground.replaceChildren();
    this.ahead.replaceChildren();
    keys.forEach((key, at) => {
      const y = top + at * each + GAP / 2, style = `top:${y}px;height:${each - GAP}px`;
      this.lanes.get(key).place(y, each - GAP, this.scale);
      make("lane", this.ground).style.cssText = style;
      if (key.startsWith("you")) make("lane", this.ahead).style.cssText = style;
    });
    for (const known of [this.bars, this.chords]) { for (const [, element] of known) element.remove(); known.clear(); }
    return true;
  }

  rank(key) { return (key.startsWith("you") ? 0 : 10) + ["melody", "chords", "bass", "drums"].indexOf(key.split(":")[1]); }

  sound(state, now) {
    const { stands, chords } = state, solo = Object.keys(stands).some((id) => id.startsWith("solo:") && stands[id] >= 0.5);
    this.soundedAt = now;
    this.changesAt = Infinity;
    for (const [, lane] of this.lanes) {
      const { mine, role } = lane;
      const silent = stands[`mute:${role}`] >= 0.5 ? "muted" : solo && !(stands[`solo:${role}`] >= 0.5) ? "not solo" : "";
      this.changesAt = Math.min(this.changesAt, lane.sound(now, mine ? "" : silent || (stands.lock >= 0.5 ? "locked" : "")));
    }
    for (const chord of chords) {
      const element = this.chords.get(chord.join()), [at, length] = chord;
      if (element) element.classList.toggle("on", at <= now && now < at + length);
      for (const edge of [at, at + length]) if (edge > now) this.changesAt = Math.min(this.changesAt, edge);
    }
  }
}
