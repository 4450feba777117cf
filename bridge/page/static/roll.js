// The piano roll: what comes moves towards the line of now. Places are beats; the bridge says cells.

const GUTTER = 104, RIBBON = 34, RULER = 20, GAP = 6;
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const DRUMS = [["kick", 35, 36], ["snare", 37, 38, 39, 40], ["tom", 41, 43, 45, 47, 48, 50], ["hat", 42, 44, 46], ["cym", 49, 51, 52, 53, 55, 57, 59]];
const LANE = new Map(DRUMS.flatMap(([, ...pitches], lane) => pitches.map((pitch) => [pitch, lane])));
const pitchName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

export class Roll {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false });
    this.dirty = true;
    this.ranges = new Map(); // the pitches that a lane shows, which move softly
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = Object.fromEntries(["you", "melody", "bass", "drums", "chords", "ink", "soft"].map((name) => [name, this.colour(name)]));
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  resize() {
    const ratio = Math.min(2, devicePixelRatio || 1), box = this.canvas.getBoundingClientRect();
    this.width = box.width; this.height = box.height; this.ratio = ratio;
    this.canvas.width = Math.round(box.width * ratio); this.canvas.height = Math.round(box.height * ratio);
    this.hatch = this.pattern();
    this.dirty = true;
  }

  pattern() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 10;
    const pen = tile.getContext("2d");
    pen.strokeStyle = "#39424f"; pen.lineWidth = 1;
    pen.beginPath(); pen.moveTo(-2, 12); pen.lineTo(12, -2); pen.moveTo(-2, 2); pen.lineTo(2, -2); pen.moveTo(8, 12); pen.lineTo(12, 8); pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }

  /** The music at `beat`; `calm`, the picture stands and only the line of now moves, beat by beat. */
  draw(state, beat, calm) {
    this.dirty = false;
    const pen = this.pen, stage = state.stage, wide = this.width, high = this.height;
    const shown = Math.max(1.5, Math.min(4, (wide - GUTTER) / 260)) * stage.beats;
    this.scale = (wide - GUTTER) / shown;
    const behind = Math.min(stage.beats * 0.75, shown * 0.3);
    this.from = calm ? Math.floor(beat / stage.beats) * stage.beats - 0.25 : beat - behind;
    const now = calm ? Math.floor(beat + 1e-6) : beat;
    this.x = (at) => GUTTER + (at - this.from) * this.scale;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.fillStyle = "#0d1016"; pen.fillRect(0, 0, wide, high);
    pen.textBaseline = "middle";
    const lanes = Object.keys(state.parts).sort((a, b) => this.rank(a) - this.rank(b));
    const top = RIBBON + RULER, each = (high - top - 4) / Math.max(1, lanes.length);
    pen.save();
    pen.beginPath(); pen.rect(GUTTER, 0, wide - GUTTER, high); pen.clip();
    this.lines(stage, shown, top, high);
    this.ribbon(state, now, shown);
    const labels = lanes.map((key, at) => [key, top + at * each, this.lane(state, key, top + at * each + GAP / 2, each - GAP, now, shown)]);
    const x = this.x(now);
    pen.fillStyle = "rgba(255,255,255,.10)"; pen.fillRect(x - 5, 0, 10, high);
    pen.fillStyle = "#fff"; pen.fillRect(x - 1, 0, 2, high);
    pen.restore();
    this.gutter(labels, each, state);
  }

  rank(key) { return (key.startsWith("you") ? 0 : 10) + ["melody", "chords", "bass", "drums"].indexOf(key.split(":")[1]); }

  lines(stage, shown, top, high) {
    const pen = this.pen;
    for (let beat = Math.ceil(this.from); beat < this.from + shown; beat++) {
      const isBar = ((beat % stage.beats) + stage.beats) % stage.beats === 0, x = this.x(beat);
      pen.fillStyle = isBar ? "#56627a" : "#242b37";
      pen.fillRect(x, isBar ? RIBBON : top, isBar ? 2 : 1, high);
      if (isBar && beat >= 0) {
        pen.fillStyle = this.colours.soft; pen.font = "600 12px system-ui, DejaVu Sans, sans-serif"; pen.textAlign = "left";
        pen.fillText(String(beat / stage.beats + 1), x + 7, RIBBON + RULER / 2);
      }
    }
  }

  ribbon(state, now, shown) {
    const pen = this.pen;
    for (const [from, length, name, sure] of state.chords) {
      if (from > this.from + shown || from + length < this.from) continue;
      const left = Math.max(GUTTER, this.x(from)) + 1, right = this.x(from + length) - 2, told = sure >= 100;
      pen.globalAlpha = told ? 1 : 0.25 + 0.6 * sure / 100;
      pen.fillStyle = from <= now && now < from + length ? "#5a501f" : "#2c2a1d";
      pen.strokeStyle = this.colours.chords; pen.lineWidth = 1.5;
      pen.setLineDash(told ? [] : [5, 4]);
      this.box(left, 5, Math.max(3, right - left), RIBBON - 9, 7); pen.fill(); pen.stroke();
      pen.setLineDash([]); pen.globalAlpha = 1;
      pen.save(); pen.beginPath(); pen.rect(left, 0, right - left, RIBBON); pen.clip();
      pen.fillStyle = this.colours.ink; pen.textAlign = "left"; pen.font = "700 15px system-ui, DejaVu Sans, sans-serif";
      pen.fillText(name, left + 8, RIBBON / 2 + 1);
      const after = left + 15 + pen.measureText(name).width;
      pen.font = "12px system-ui, DejaVu Sans, sans-serif"; pen.fillStyle = "#d9d3b4";
      if (!told && after + 26 < right) pen.fillText(`${sure}%`, after, RIBBON / 2 + 1);
      pen.restore();
    }
  }

  box(x, y, wide, high, round) {
    this.pen.beginPath();
    this.pen.roundRect(x, y, wide, high, Math.min(round, wide / 2, high / 2));
  }

  /** Draws a part; gives what sounds now. */
  lane(state, key, top, high, now, shown) {
    const pen = this.pen, part = state.parts[key], [whose, role] = key.split(":"), cells = state.stage.cells;
    const mine = whose === "you", drums = role === "drums", colour = this.colours[mine ? "you" : role] || this.colours.ink;
    pen.fillStyle = "#151a23"; pen.fillRect(GUTTER, top, this.width, high);
    const until = mine ? now : part.until / cells, draft = mine ? now : Math.max(until, part.draft_until / cells);
    const unknown = Math.max(GUTTER, this.x(Math.max(draft, mine ? now : this.from)));
    pen.fillStyle = this.hatch; pen.fillRect(unknown, top, this.width, high);
    const beat = (cell) => cell / cells;
    const notes = part.notes.map(([onset, end, pitch]) => [beat(onset), end === null ? null : beat(end), pitch, true]);
    for (const [onset, end, pitch] of part.draft || []) notes.push([Math.max(beat(onset), until), end === null ? draft : beat(end), pitch, false]);
    const visible = notes.filter(([onset, end]) => onset < this.from + shown && (end === null || end > this.from));
    const range = drums ? null : this.range(key, visible), row = drums ? high / DRUMS.length : high / (range[1] - range[0] + 1);
    const sounding = [], single = role === "bass" || role === "melody"; // one voice leaves room for names
    for (const [onset, end, pitch, sure] of visible) {
      const last = end === null ? Math.max(now, onset + 0.1) : end, isNow = sure && onset <= now && now < last;
      if (isNow) sounding.push(pitch);
      const lane = drums ? LANE.get(pitch) ?? 4 : pitch - range[0];
      const thick = drums ? Math.min(14, row * 0.72) : Math.max(6, Math.min(18, row * 0.92));
      const x = this.x(onset), wide = drums ? Math.max(7, Math.min(14, this.scale / cells - 2)) : Math.max(5, (last - onset) * this.scale - 2);
      const y = top + high - (lane + 0.5) * row - thick / 2;
      this.box(x, y, wide, thick, drums ? 3 : 4);
      if (sure) {
        pen.globalAlpha = last < now ? 0.55 : 1;
        pen.fillStyle = colour; pen.fill();
        if (isNow) { pen.strokeStyle = "#fff"; pen.lineWidth = 2; pen.stroke(); }
      } else {
        pen.globalAlpha = 0.16; pen.fillStyle = colour; pen.fill(); pen.globalAlpha = 1;
        pen.strokeStyle = colour; pen.lineWidth = 1.6; pen.setLineDash([4, 3]); pen.stroke(); pen.setLineDash([]);
      }
      if (!drums && wide > 30 && thick >= 12) {
        pen.fillStyle = sure ? "#10131a" : colour; pen.font = "600 11px system-ui, DejaVu Sans, sans-serif"; pen.textAlign = "left";
        pen.fillText(pitchName(pitch), Math.max(x, GUTTER) + 5, y + thick / 2 + 0.5);
      } else if (single && wide > 14 && last > now - 0.5) {
        pen.fillStyle = sure ? colour : this.colours.soft; pen.font = "600 11px system-ui, DejaVu Sans, sans-serif"; pen.textAlign = "left";
        pen.fillText(pitchName(pitch), Math.max(x, GUTTER) + 2, y > top + 14 ? y - 7 : y + thick + 8);
      }
      pen.globalAlpha = 1;
    }
    if (this.width - unknown > 130 && !mine) this.note("not known yet", unknown + 10, top + high / 2);
    return sounding;
  }

  note(text, x, y) {
    const pen = this.pen;
    pen.font = "12px system-ui, DejaVu Sans, sans-serif"; pen.textAlign = "left";
    const wide = pen.measureText(text).width;
    pen.fillStyle = "#151a23"; pen.fillRect(x - 5, y - 9, wide + 10, 18);
    pen.fillStyle = this.colours.soft; pen.fillText(text, x, y + 1);
  }

  /** The lowest and highest pitch to show: an octave at least, and no jumps. */
  range(key, notes) {
    const pitches = notes.map((note) => note[2]), old = this.ranges.get(key);
    let low = Math.min(...pitches), high = Math.max(...pitches);
    if (!pitches.length) [low, high] = old || [54, 66];
    const missing = Math.max(0, 11 - (high - low)) / 2;
    low -= Math.ceil(missing) + 1; high += Math.floor(missing) + 1;
    const soft = (from, to) => from + (to - from) * 0.12;
    const range = old ? [Math.min(soft(old[0], low), low + 2), Math.max(soft(old[1], high), high - 2)] : [low, high];
    this.ranges.set(key, range);
    return range;
  }

  drumNames(top, high, sounding) {
    const pen = this.pen, row = high / DRUMS.length, on = new Set(sounding.map((pitch) => LANE.get(pitch) ?? 4));
    pen.font = "11px system-ui, DejaVu Sans, sans-serif"; pen.textAlign = "right";
    DRUMS.forEach(([name], lane) => {
      pen.fillStyle = on.has(lane) ? "#fff" : this.colours.soft;
      pen.fillText(name, GUTTER - 8, top + high - (lane + 0.5) * row);
    });
    pen.textAlign = "left";
  }

  gutter(labels, each, state) {
    const pen = this.pen, solo = labels.some(([key]) => state.stands[`solo:${key.split(":")[1]}`] >= 0.5);
    pen.fillStyle = "#171c26"; pen.fillRect(0, 0, GUTTER, this.height);
    pen.fillStyle = "#3a4354"; pen.fillRect(GUTTER - 1, 0, 1, this.height);
    pen.textAlign = "left"; pen.fillStyle = this.colours.soft; pen.font = "12px system-ui, DejaVu Sans, sans-serif";
    pen.fillText("chords", 12, RIBBON / 2 + 1); pen.fillText("bar", 12, RIBBON + RULER / 2);
    for (const [key, top, sounding] of labels) {
      const [whose, role] = key.split(":"), mine = whose === "you", middle = top + each / 2;
      pen.fillStyle = this.colours[mine ? "you" : role] || this.colours.ink;
      pen.fillRect(0, top + GAP / 2, 4, each - GAP);
      pen.font = "650 14px system-ui, DejaVu Sans, sans-serif";
      pen.fillText(mine ? "you" : role, 12, role === "drums" ? top + GAP / 2 + 11 : middle - 9);
      pen.font = "12px system-ui, DejaVu Sans, sans-serif"; pen.fillStyle = this.colours.soft;
      const silent = !mine && (state.stands[`mute:${role}`] >= 0.5 ? "muted" : solo && !(state.stands[`solo:${role}`] >= 0.5) ? "not solo" : "");
      if (role === "drums" && !silent && each > 70) {
        this.drumNames(top + GAP / 2, each - GAP, sounding);
        continue;
      }
      const names = role === "drums" ? [...new Set(sounding.map((pitch) => DRUMS[LANE.get(pitch) ?? 4][0]))] : [...new Set(sounding)].sort((a, b) => a - b).map(pitchName);
      pen.fillText(silent || (state.stands.lock >= 0.5 && !mine ? "locked" : "") || names.join(" ").slice(0, 12) || (mine ? role : ""), 12, middle + 10);
    }
  }
}
