// One part of the piano roll: its notes as elements, of which only those that changed are touched.

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const DRUMS = [["kick", 35, 36], ["snare", 37, 38, 39, 40], ["tom", 41, 43, 45, 47, 48, 50], ["hat", 42, 44, 46], ["cym", 49, 51, 52, 53, 55, 57, 59]];
const ROW = new Map(DRUMS.flatMap(([, ...pitches], row) => pitches.map((pitch) => [pitch, row])));
const OTHER = 4; // the row of a drum that has none
const SLACK = 8; // semitones that may be empty before the lane shows fewer

export const pitchName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

export function make(name, parent, text = "") {
  const made = document.createElement("div");
  made.className = name;
  made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

export class Lane {
  /** The lane of `key` (`band:bass`), its music in `strip` and its name in `gutter`. */
  constructor(key, strip, gutter) {
    [this.whose, this.role] = key.split(":");
    this.mine = this.whose === "you";
    this.drums = this.role === "drums";
    this.part = null;
    this.range = null;
    this.notes = new Map(); // what tells a note from others -> its element, and where it is
    this.music = make("lane", strip);
    this.music.style.setProperty("--colour", `var(--${this.mine ? "you" : this.role})`);
    this.unknown = this.mine ? null : make("unknown", this.music);
    if (this.unknown) make("word", this.unknown, "not known yet");
    this.name = make("name", gutter);
    this.name.style.setProperty("--colour", `var(--${this.mine ? "you" : this.role})`);
    make("who", this.name, this.mine ? "you" : this.role);
    this.sounds = make("sounds", this.name);
    this.rows = this.drums ? DRUMS.map(([name]) => make("row", this.name, name)) : [];
    this.name.classList.toggle("kit", this.drums);
  }

  remove() { this.music.remove(); this.name.remove(); }

  place(top, high, scale) {
    this.high = high;
    this.scale = scale;
    for (const one of [this.music, this.name]) { one.style.top = `${top}px`; one.style.height = `${high}px`; }
    this.rows.forEach((row, at) => { row.style.bottom = `${((at + 0.5) / DRUMS.length) * 100}%`; });
    this.name.classList.toggle("low", high < 64);
    for (const [, note] of this.notes) note.element.remove();
    this.notes.clear();
  }

  /** Shows `part` from beat `from` to `to`, as it is at `now`. */
  show(part, cells, from, to, now) {
    this.part = part;
    const beat = (cell) => cell / cells;
    const until = this.mine ? to : beat(part.until), draft = this.mine ? to : Math.max(until, beat(part.draft_until));
    const shown = part.notes.map(([onset, end, pitch]) => ({ onset: beat(onset), end: end === null ? null : beat(end), pitch, sure: true }));
    for (const [onset, end, pitch] of part.draft || []) shown.push({ onset: Math.max(beat(onset), until), end: end === null ? draft : beat(end), pitch, sure: false });
    const visible = shown.filter(({ onset, end }) => onset < to && (end === null || end > from));
    if (!this.drums) this.fit(visible);
    if (this.unknown) {
      const at = Math.max(draft, from);
      this.unknown.style.cssText = `left:${Math.round(at * this.scale)}px;width:${Math.max(0, Math.round((to - at) * this.scale))}px`;
    }
    const gone = new Set(this.notes.keys());
    for (const note of visible) {
      // one that is held goes on to where nobody sees it; what is the player's is covered from now on
      note.last = note.end ?? (this.mine ? to : Math.max(until, now));
      const key = `${note.onset.toFixed(3)} ${note.pitch} ${note.sure}`;
      gone.delete(key);
      this.note(key, note);
    }
    for (const key of gone) { this.notes.get(key).element.remove(); this.notes.delete(key); }
  }

  /** The lowest and highest pitch to show: an octave at least, and no jumps. */
  fit(notes) {
    const pitches = notes.map((note) => note.pitch), old = this.range;
    if (!pitches.length) { this.range ||= [54, 66]; return; }
    const low = Math.min(...pitches), high = Math.max(...pitches);
    if (old && old[0] < low && high < old[1] && old[1] - old[0] - (high - low) <= SLACK + 11) return;
    const missing = Math.max(0, 11 - (high - low)) / 2;
    this.range = [low - Math.ceil(missing) - 1, high + Math.floor(missing) + 1];
    for (const [, note] of this.notes) note.drawn = ""; // all of them are elsewhere now
  }

  note(key, { onset, last, pitch, sure }) {
    let known = this.notes.get(key);
    if (!known) {
      known = { element: make(sure ? "note" : "note tentative", this.music), drawn: "" };
      if (!this.drums) make("word", known.element, pitchName(pitch));
      this.notes.set(key, known);
    }
    Object.assign(known, { onset, last, pitch, sure });
    const rows = this.drums ? DRUMS.length : this.range[1] - this.range[0] + 1, row = this.high / rows;
    const at = this.drums ? ROW.get(pitch) ?? OTHER : pitch - this.range[0];
    const thick = this.drums ? Math.min(14, row * 0.72) : Math.max(6, Math.min(18, row * 0.92));
    const wide = this.drums ? Math.max(7, Math.min(14, this.scale / 4 - 2)) : Math.max(5, (last - onset) * this.scale - 2);
    const left = Math.round(onset * this.scale), top = Math.round(this.high - (at + 0.5) * row - thick / 2);
    const drawn = `left:${left}px;top:${top}px;width:${Math.round(wide)}px;height:${Math.round(thick)}px`;
    if (drawn === known.drawn) return;
    known.drawn = drawn;
    known.element.style.cssText = drawn;
    const single = this.role === "bass" || this.role === "melody"; // one voice leaves room for names
    known.element.classList.toggle("inside", thick >= 12 && wide > 30);
    known.element.classList.toggle("above", thick < 12 && single && wide > 14);
    known.element.classList.toggle("below", thick < 12 && top < 14);
  }

  /** Marks what sounds at `now`; gives the beat at which that changes next. */
  sound(now, said) {
    let next = Infinity;
    const sounding = [];
    for (const [, note] of this.notes) {
      if (!note.sure) continue;
      const is = note.last <= now ? "gone" : note.onset <= now ? "on" : "";
      if (is !== note.is) { note.is = is; note.element.classList.toggle("on", is === "on"); note.element.classList.toggle("gone", is === "gone"); }
      if (is === "on") sounding.push(note.pitch);
      for (const at of [note.onset, note.last]) if (at > now && at < next) next = at;
    }
    const rows = new Set(sounding.map((pitch) => ROW.get(pitch) ?? OTHER));
    this.rows.forEach((row, at) => { if (row.on !== rows.has(at)) { row.on = rows.has(at); row.classList.toggle("on", row.on); } });
    const names = this.drums ? [] : [...new Set(sounding)].sort((a, b) => a - b).map(pitchName);
    const text = said || names.join(" ") || (this.mine ? this.role : "");
    if (text !== this.text) { this.text = text; this.sounds.textContent = text; this.name.classList.toggle("said", !!said); }
    return next;
  }
}
