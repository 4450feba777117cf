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
    this.get("meter").textContent = stage.meter;
    this.get("dots").replaceChildren(...Array.from({ length: stage.beats }, () => this.document.createElement("i")));
    const bars = stage.chart.replace(/\s*\|\s*/g, " ").split(/\s+/).filter(Boolean);
    this.get("chart-card").hidden = !bars.length;
    this.get("chart").replaceChildren(...bars.map((bar) => this.element("li", bar)));
    this.record({ stage, desk: null });
    this.drawn = null;
  }

  element(name, text) {
    const made = this.document.createElement(name);
    made.textContent = text;
    return made;
  }

  lamp(id, how, text) {
    const lamp = this.get(id);
    lamp.className = how;
    lamp.querySelector("b").textContent = text;
    lamp.title = text;
  }

  record({ stage, desk }) {
    const take = desk && desk.take;
    this.lamp("rec", stage.recorded || take ? "good" : "", take ? "a take" : stage.recorded ? "on" : "off");
    this.get("rec").title = take ? `In ${take}` : stage.recorded ? `In ${stage.recorded}` : "Record a take, or start the bridge with --record DIR";
  }

  show(state) {
    const { song, figures: f, play, said } = state;
    this.get("key").textContent = song.key || "–";
    this.get("tempo").textContent = play && play.rolling ? play.tempo.toFixed(1) : "–";
    this.document.body.classList.toggle("rolling", !!(play && play.rolling));
    this.get("sign").textContent = play && play.rolling ? "▶" : "■";
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
    this.get("figures").textContent = more.join("  ·  ");
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
    this.get("bar").textContent = bar + 1;
    this.get("beat").textContent = inBar + 1;
    [...this.get("dots").children].forEach((dot, at) => dot.classList.toggle("on", at === inBar));
    this.get("chord").textContent = now ? now[2] : "–";
    this.get("sure").textContent = sureness(now);
    this.get("next").textContent = next ? next[2] : "–";
    this.get("next-sure").textContent = sureness(next);
    const chart = [...this.get("chart").children];
    chart.forEach((box, at) => box.classList.toggle("on", at === bar % chart.length));
    return whole + 1;
  }
}
