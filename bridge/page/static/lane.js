// One part of the piano roll: its notes on the sheet, and beside it who plays and what sounds.

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const DRUMS = [["kick", 35, 36], ["snare", 37, 38, 39, 40], ["tom", 41, 43, 45, 47, 48, 50], ["hat", 42, 44, 46], ["cym", 49, 51, 52, 53, 55, 57, 59]];
const ROW = new Map(DRUMS.flatMap(([, ...pitches], row) => pitches.map((pitch) => [pitch, row])));
const OTHER = 4; // the row of a drum that has none
const SLACK = 8; // semitones that may be empty before the lane shows fewer
const TEXT = "system-ui, DejaVu Sans, sans-serif";

export const pitchName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

export function make(name, parent, text = "", kind = "div") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

export class Lane {
  /** The lane of `key` (`band:bass`), its name in `gutter`; `colours` by name. */
  constructor(key, gutter, colours) {
    [this.whose, this.role] = key.split(":");
    this.mine = this.whose === "you";
    this.drums = this.role === "drums";
    this.colours = colours;
    this.colour = colours[this.mine ? "you" : this.role] || colours.ink;
    this.range = null;
    this.name = make(this.drums ? "name kit" : "name", gutter);
    this.name.style.setProperty("--colour", this.colour);
    make("who", this.name, this.mine ? "you" : this.role);
    this.sounds = make("sounds", this.name);
    this.rows = this.drums ? DRUMS.map(([name]) => make("row", this.name, name)) : [];
  }

  remove() { this.name.remove(); }

  place(top, high) {
    Object.assign(this, { top, high });
    this.name.style.top = `${top}px`;
    this.name.style.height = `${high}px`;
    this.rows.forEach((row, at) => { row.style.bottom = `${((at + 0.5) / DRUMS.length) * 100}%`; });
    this.name.classList.toggle("low", high < 64);
  }

  /** Draws `part` on the `sheet`, as it is at beat `now`; gives the beat at which it looks otherwise. */
  draw(sheet, part, cells, now, said) {
    const { pen, from, to, scale, hatch } = sheet, beat = (cell) => cell / cells, x = (at) => (at - from) * scale;
    const until = this.mine ? to : beat(part.until), draft = this.mine ? to : Math.max(until, beat(part.draft_until));
    const notes = part.notes.map(([onset, end, pitch]) => [beat(onset), end === null ? null : beat(end), pitch, true]);
    for (const [onset, end, pitch] of part.draft || []) notes.push([Math.max(beat(onset), until), end === null ? draft : beat(end), pitch, false]);
    const visible = notes.filter(([onset, end]) => onset < to && (end === null || end > from));
    if (!this.drums) this.fit(visible);
    const { top, high } = this, wide = (to - from) * scale;
    pen.save();
    pen.beginPath(); pen.rect(0, top, wide, high); pen.clip();
    pen.fillStyle = "#151a23"; pen.fillRect(0, top, wide, high);
    sheet.lines(top, high);
    if (draft < to) { pen.fillStyle = hatch; pen.fillRect(x(draft), top, wide, high); }
    let next = Infinity;
    const sounding = [];
    for (const [onset, end, pitch, sure] of visible) {
      // one that is held goes on to where nobody sees it: what is the player's is covered from now on
      const last = end ?? (this.mine ? to : Math.max(until, now));
      if (sure) for (const at of [onset, last]) if (at > now && at < next) next = at;
      if (sure && onset <= now && now < last) sounding.push(pitch);
      this.note(sheet, x(onset), (last - onset) * scale, pitch, sure, last <= now, sure && onset <= now && now < last);
    }
    if (wide - x(draft) > 130 && !this.mine) {
      pen.font = `12px ${TEXT}`;
      const long = pen.measureText("not known yet").width, y = top + high / 2;
      pen.fillStyle = "#151a23"; pen.fillRect(x(draft) + 5, y - 9, long + 10, 18);
      pen.fillStyle = this.colours.soft; pen.fillText("not known yet", x(draft) + 10, y + 1);
    }
    pen.restore();
    this.tell(sounding, said);
    return next;
  }

  note({ pen, scale }, x, long, pitch, sure, gone, on) {
    const rows = this.drums ? DRUMS.length : this.range[1] - this.range[0] + 1, row = this.high / rows;
    const at = this.drums ? ROW.get(pitch) ?? OTHER : pitch - this.range[0];
    const thick = this.drums ? Math.min(14, row * 0.72) : Math.max(6, Math.min(18, row * 0.92));
    const wide = this.drums ? Math.max(7, Math.min(14, scale / 4 - 2)) : Math.max(5, long - 2);
    const y = this.top + this.high - (at + 0.5) * row - thick / 2;
    pen.beginPath(); pen.roundRect(x, y, wide, thick, 3);
    pen.globalAlpha = gone ? 0.55 : 1;
    if (sure) {
      pen.fillStyle = this.colour; pen.fill();
      if (on) { pen.strokeStyle = "#fff"; pen.lineWidth = 2; pen.stroke(); }
    } else {
      pen.strokeStyle = this.colour; pen.lineWidth = 1.6; pen.setLineDash([4, 3]); pen.stroke(); pen.setLineDash([]);
    }
    const inside = thick >= 12 && wide > 30, single = this.role === "bass" || this.role === "melody"; // one voice leaves room for names
    if (!this.drums && (inside || (single && wide > 14))) {
      pen.font = `600 11px ${TEXT}`;
      pen.fillStyle = inside && sure ? "#10131a" : this.colour;
      pen.fillText(pitchName(pitch), x + (inside ? 5 : 2), inside ? y + thick / 2 : y > this.top + 14 ? y - 7 : y + thick + 8);
    }
    pen.globalAlpha = 1;
  }

  /** The lowest and highest pitch to show: an octave at least, and no jumps. */
  fit(notes) {
    const pitches = notes.map((note) => note[2]), old = this.range;
    if (!pitches.length) { this.range ||= [54, 66]; return; }
    const low = Math.min(...pitches), high = Math.max(...pitches);
    if (old && old[0] < low && high < old[1] && old[1] - old[0] - (high - low) <= SLACK + 11) return;
    const missing = Math.max(0, 11 - (high - low)) / 2;
    this.range = [low - Math.ceil(missing) - 1, high + Math.floor(missing) + 1];
  }

  /** Says beside the lane what sounds, or what is `said` of it. */
  tell(sounding, said) {
    const rows = new Set(sounding.map((pitch) => ROW.get(pitch) ?? OTHER));
    this.rows.forEach((row, at) => { if (row.on !== rows.has(at)) { row.on = rows.has(at); row.classList.toggle("on", row.on); } });
    const names = this.drums ? [] : [...new Set(sounding)].sort((a, b) => a - b).map(pitchName);
    const text = said || names.join(" ") || (this.mine ? this.role : "");
    if (text === this.text) return;
    this.text = text;
    this.sounds.textContent = text;
    this.name.classList.toggle("said", !!said);
  }
}
