// The line on top: where the music is, chords, and lamps that say how it goes.

/** The chord that sounds at `beat`, and the one after it. */
export function chordsAt(chords, beat) {
  const at = chords.findIndex(([from, length]) => beat < from + length - 1e-6);
  if (at < 0) return [null, null];
  return chords[at][0] <= beat + 1e-6 ? [chords[at], chords[at + 1] || null] : [null, chords[at]];
}

const sureness = (chord) => (chord && chord[3] < 100 ? `${chord[3]}%` : "");

export class Top {
  constructor(document) {
    this.get = (id) => document.getElementById(id);
    this.document = document;
    this.drawn = null;
    this.said = -1;
  }

  build(stage) {
    this.beats = stage.beats;
    this.write("meter", stage.meter);
    this.get("dots").replaceChildren(...Array.from({ length: stage.beats }, () => this.document.createElement("i")));
    this.record({ stage, desk: null });
    this.drawn = null;
  }

  element(name, text) {
    const made = this.document.createElement(name);
    made.textContent = text;
    return made;
  }

  /** Writes `text`, if it is another: the same again would be laid out again. */
  write(id, text) {
    const place = this.get(id);
    if (place.textContent !== String(text)) place.textContent = text;
  }

  lamp(id, how, text) {
    const lamp = this.get(id), word = lamp.querySelector("b");
    if (lamp.className !== how) lamp.className = how;
    if (word.textContent === text) return;
    word.textContent = text;
    lamp.title = text;
  }

  record({ stage, desk }) {
    const take = desk && desk.take;
    this.lamp("rec", stage.recorded || take ? "good" : "", take ? "a take" : stage.recorded ? "on" : "off");
    this.get("rec").title = take ? `In ${take}` : stage.recorded ? `In ${stage.recorded}` : "Record a take, or start the bridge with --record DIR";
  }

  show(state) {
    const { song, figures: f, play, said } = state;
    this.write("key", song.key || "–");
    this.write("tempo", play && play.rolling ? play.tempo.toFixed(1) : "–");
    this.document.body.classList.toggle("rolling", !!(play && play.rolling));
    this.write("sign", play && play.rolling ? "▶" : "■");
    this.get("sign").setAttribute("aria-label", play && play.rolling ? "rolls" : "stands");
    if (song.clock) this.lamp("clock", song.ticks ? "good" : "warn", song.ticks ? song.clock : `waits: ${song.clock}`);
    if (f.asked) {
      const late = f.late ? `, ${f.late} late of ${f.asked}` : "";
      this.lamp("reply", f.late > f.asked / 10 ? "bad" : f.late ? "warn" : "good", `${Math.round(f.took_ms)} of ${Math.round(f.budget_ms)} ms${late}`);
    } else this.lamp("reply", "", "none yet");
    this.lamp("sent", f.sent_ms === null || f.sent_ms === undefined ? "" : f.sent_ms < 3 ? "good" : f.sent_ms < 10 ? "warn" : "bad",
      f.sent_ms === null || f.sent_ms === undefined ? "none yet" : `${f.sent_ms.toFixed(2)} ms`);
    const more = [`${f.notes || 0} notes`, `${f.dropped || 0} dropped`];
    if (f.jitter_ms !== null && f.jitter_ms !== undefined) more.push(`clock jitter ${f.jitter_ms.toFixed(2)} ms (p95)`);
    if (f.deaths) more.push(`${f.deaths} new brains`);
    this.write("figures", more.join("  ·  "));
    const last = said.length ? said[said.length - 1][0] : -1;
    if (last !== this.said) {
      // only what is new is added, so that it alone is read aloud
      const list = this.get("said");
      if (last < this.said) list.replaceChildren();
      for (const [number, text] of said) if (number > this.said || last < this.said) list.append(this.element("li", text));
      while (list.children.length > 6) list.firstChild.remove();
      this.said = last;
    }
  }

  /** What is shown of `beat`; gives the beat at which that changes. */
  tick(state, beat) {
    const whole = Math.max(0, Math.floor(beat + 1e-6)), bar = Math.floor(whole / this.beats), inBar = whole % this.beats;
    if (whole === this.drawn && state.chords === this.chords) return whole + 1;
    this.drawn = whole;
    this.chords = state.chords;
    const [now, next] = chordsAt(state.chords, whole);
    this.write("bar", bar + 1);
    this.write("beat", inBar + 1);
    [...this.get("dots").children].forEach((dot, at) => dot.classList.toggle("on", at === inBar));
    this.write("chord", now ? now[2] : "–");
    this.write("sure", sureness(now));
    this.write("next", next ? next[2] : "–");
    this.write("next-sure", sureness(next));
    return whole + 1;
  }
}
