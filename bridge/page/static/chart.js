// The chart, bar by bar and as text. What is written here is a draft until the bridge takes it.

const CHORD = /^([A-G])([#b♯♭]?)(.*?)(?:\/([A-G][#b♯♭]?))?$/; // as chord_symbols.py
const COMMA = /,(?![^()]*\))/; // as chart.py
const SEMITONES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11, "#": 1, "♯": 1, b: -1, "♭": -1, "": 0 };
const NOTHING = "-", AGAIN = "%";

/** The bars of `text`, as the bridge reads them: where each stands in it, and its chords. */
export function barsIn(text) {
  const bars = [];
  let at = 0;
  for (const line of text.split("\n")) {
    if (!/^\s*[#[]/.test(line)) for (const { 0: word, index } of line.matchAll(/[^\s|]+/g)) bars.push({ from: at + index, to: at + index + word.length, word });
    at += line.length + 1;
  }
  return bars;
}

export class Chart {
  /** `send(word)` hands on what is wanted. */
  constructor(document, send) {
    this.document = document;
    this.get = (id) => document.getElementById(`chart-${id}`);
    this.send = send;
    this.field = this.get("text");
    this.taken = ""; // the chart that the bridge has
    this.sent = null;
    this.bars = [];
    this.at = null; // the bar that is open
    this.part = 0; // of its chords
    this.wrong = null;
    this.field.addEventListener("input", () => { this.say(""); this.show(); });
    this.field.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.apply(this.field.value); } });
    this.get("form").onsubmit = (event) => { event.preventDefault(); this.apply(this.field.value); };
    this.get("back").onclick = () => { this.say(""); this.write(this.taken); };
    this.get("none").onclick = () => { this.write(""); this.apply(""); };
    this.get("more").onclick = () => { const end = this.field.value.trimEnd(); this.write(end ? `${end} ${AGAIN}` : "C"); this.open(this.bars.length - 1); };
    this.get("after").onclick = () => { const { to } = this.bars[this.at]; this.splice(to, to, ` ${AGAIN}`); this.open(this.at + 1); };
    this.get("less").onclick = () => this.remove();
    this.get("done").onclick = () => { const at = this.at; this.open(null); this.focus(at); };
    this.get("quality").onchange = (event) => { const [root, , bass] = this.read(); this.replace(root + event.target.value + bass); };
    this.get("bars").addEventListener("keydown", (event) => this.step(event));
  }

  make(name, attributes, text) {
    const made = this.document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  build(stage) {
    this.field.maxLength = stage.most_chart;
    const roots = [...stage.roots, NOTHING, AGAIN], help = { [NOTHING]: "no chord", [AGAIN]: "the bar before again" };
    this.get("roots").replaceChildren(...roots.map((root) => {
      const button = this.make("button", { type: "button", class: "toggle", "aria-pressed": false, "data-root": root, title: help[root] || root, "aria-label": help[root] || root }, root);
      button.onclick = () => this.replace(root === NOTHING ? NOTHING : root === AGAIN ? AGAIN : root + this.read()[1]);
      return button;
    }));
    this.get("quality").replaceChildren(...stage.qualities.map((quality) => this.make("option", { value: quality }, quality || "major")));
  }

  /** The bridge has this chart now; what is being written here stays, unless it is what was sent. */
  take(text) {
    const clean = !this.isDraft(), mine = this.sent === text;
    this.taken = text.replace(/\r\n?/g, "\n").trim(); // as a field has it
    this.sent = null;
    this.field.readOnly = text.length > this.field.maxLength;
    if (clean || mine) this.write(this.taken);
    else this.show();
  }

  /** What the bridge says to the chart that was sent; nothing is wrong with it where that is empty. */
  answer(text) {
    this.say(text || this.thanks, !!text);
    if (text) this.sent = null;
  }

  apply(text) {
    this.sent = text.trim();
    this.thanks = this.sent ? "Taken: it is played from the next downbeat on." : "Taken away: the band goes by what it hears.";
    this.send({ chart: text });
  }

  say(text, wrong = false) {
    const place = this.get("said"), bar = wrong && /bar (\d+)/.exec(text);
    place.textContent = text;
    place.classList.toggle("wrong", wrong);
    this.field.setAttribute("aria-invalid", wrong);
    this.wrong = bar ? Number(bar[1]) - 1 : null;
    this.mark();
  }

  isDraft() { return this.field.value.trim() !== this.taken; }

  write(text) { this.field.value = text; this.show(); }

  /** Draws the bars of the draft. */
  show() {
    this.bars = barsIn(this.field.value);
    if (this.at !== null && this.at >= this.bars.length) this.at = null;
    this.get("bars").replaceChildren(...this.bars.map(({ word }, at) => {
      const item = this.make("li", {}, ""), button = this.make("button", { type: "button", "aria-label": `bar ${at + 1}: ${word}`, tabindex: at === (this.at ?? 0) ? 0 : -1 }, word);
      button.onclick = () => this.open(this.at === at ? null : at);
      item.append(button);
      return item;
    }));
    this.mark();
    this.panel();
  }

  /** Marks the bar that sounds, the one that is open, and the one that cannot be read. */
  mark() {
    const draft = this.isDraft(), known = barsIn(this.taken).length === this.bars.length;
    [...this.get("bars").children].forEach((item, at) => {
      item.classList.toggle("on", known && this.bar !== undefined && at === this.bar % this.bars.length);
      item.classList.toggle("wrong", at === this.wrong);
      item.firstChild.setAttribute("aria-expanded", at === this.at);
    });
    if (draft) this.get("words").open = true; // what is written is to be taken there
    this.get("apply").classList.toggle("comes", draft);
    this.get("back").disabled = !draft;
    this.get("none").disabled = !this.taken && !this.field.value;
  }

  /** The song is in `bar` now, counted from 0. */
  tick(bar) {
    if (bar === this.bar) return;
    this.bar = bar;
    this.mark();
  }

  open(at) {
    this.at = at;
    this.part = 0;
    this.mark();
    this.panel();
    if (at !== null) this.focus(at);
  }

  focus(at) {
    [...this.get("bars").children].forEach((item, other) => { item.firstChild.tabIndex = other === at ? 0 : -1; });
    const item = this.get("bars").children[at];
    if (item) item.firstChild.focus();
  }

  /** Arrows go from bar to bar. */
  step(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = [...this.get("bars").children].findIndex((item) => item.firstChild === this.document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    this.focus((at + step + this.bars.length) % this.bars.length);
  }

  chords() { return this.bars[this.at].word.split(COMMA); }

  /** Root, quality and bass of the open chord; a bar that is played again has those of the bar before. */
  read() {
    let at = this.at;
    while (at > 0 && this.bars[at].word === AGAIN) at--;
    const chords = this.bars[at].word.split(COMMA), chord = CHORD.exec(chords[Math.min(this.part, chords.length - 1)]);
    return chord ? [chord[1] + chord[2], chord[3], chord[4] ? `/${chord[4]}` : ""] : ["", "", ""];
  }

  panel() {
    this.get("bar").hidden = this.at === null;
    if (this.at === null) return;
    const chords = this.chords(), word = chords[this.part], [root, quality] = this.read();
    this.get("place").textContent = `Bar ${this.at + 1}`;
    this.get("parts").replaceChildren(...(chords.length < 2 ? [] : chords.map((chord, part) => {
      const button = this.make("button", { type: "button", class: "toggle", "aria-pressed": part === this.part }, chord);
      button.onclick = () => { this.part = part; this.panel(); this.get("parts").children[part].focus(); };
      return button;
    })));
    const pitch = root && (SEMITONES[root[0]] + SEMITONES[root.slice(1)] + 12) % 12;
    [...this.get("roots").children].forEach((button, at) => {
      const plain = word === NOTHING || word === AGAIN;
      button.setAttribute("aria-pressed", plain ? button.dataset.root === word : root !== "" && at === pitch);
    });
    const list = this.get("quality");
    if (![...list.options].some((one) => one.value === quality)) list.append(this.make("option", { value: quality }, quality));
    list.value = quality;
    list.disabled = !root || word === AGAIN;
  }

  /** Puts `chord` in the place of the open one; a bar that is to be played again is one word. */
  replace(chord) {
    const { from, to } = this.bars[this.at], chords = this.chords();
    chords[this.part] = chord;
    if (chord === AGAIN) this.part = 0;
    this.splice(from, to, chord === AGAIN ? AGAIN : chords.join(","));
  }

  splice(from, to, text) {
    this.say("");
    this.write(this.field.value.slice(0, from) + text + this.field.value.slice(to));
  }

  remove() {
    const { from, to } = this.bars[this.at], at = this.at;
    this.splice(from, to + /^ ?/.exec(this.field.value.slice(to))[0].length, "");
    this.open(this.bars.length ? Math.min(at, this.bars.length - 1) : null);
  }
}
