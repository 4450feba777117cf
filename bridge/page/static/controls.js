// Every control that the bridge lists, by its form: nothing here knows a control by its name but panic and the sections.

const SECTIONS = new Set(["fill", "break", "intro", "ending", "stop", "variation-a", "variation-b", "variation-c", "variation-d"]); // big: they are hit in time
const LETTERS = "zyxwvutsrqponmlkjihgfedcba"; // those that few words begin with first

export class Controls {
  /** `turn(id, value, now)` hands a control on. */
  constructor(document, turn) {
    this.document = document;
    this.turn = turn;
    this.get = (id) => document.getElementById(id);
    document.addEventListener("keydown", (event) => this.key(event, true));
    document.addEventListener("keyup", (event) => this.key(event, false));
    addEventListener("blur", () => this.release());
  }

  make(name, attributes = {}, ...children) {
    const made = this.document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== "") made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  build(stage) {
    this.shows = new Map(); // id -> what shows how it stands
    this.keys = new Map(); // key -> [what happens when it goes down, and up]
    this.held = new Set();
    this.stands = {};
    this.taken = new Set(stage.controls.flatMap((row) => row.keys.map(({ key }) => key)));
    for (const id of ["choices", "pads", "marks", "roles", "band"]) this.get(id).replaceChildren();
    const band = stage.controls.filter((row) => row.role === null).sort((a, b) => SECTIONS.has(b.name) - SECTIONS.has(a.name));
    for (const row of band.filter((one) => one.form === "choice" && one.choices.length <= 8)) this.get("choices").append(this.segments(row));
    for (const row of band) {
      if (row.id === "panic") this.panic(row);
      else if (row.form === "hit" || row.form === "hold" || (row.form === "switch" && row.beat === null)) this.get("pads").append(this.pad(row));
      else if (row.form === "switch") this.mark(row);
      else if (row.form === "slider" || row.choices.length > 8) this.get("band").append(this.field(row));
    }
    for (const name of stage.plays) this.get("roles").append(this.card(name, stage.controls.filter((row) => row.id.endsWith(`:${name}`))));
  }

  /** A name for people: `phrase-a` is phrase A. */
  name(row) { return row.name.replace(/[-_]/g, " ").replace(/ ([a-z])$/, (_, letter) => ` ${letter.toUpperCase()}`).replace(/(\D)(\d)$/, "$1 $2"); }

  /** The keys of a row, or a free one for a pad that has none in the terminal, and what they do. */
  shortcut(row, down, up = () => {}) {
    const words = row.name.split("-"), last = words[words.length - 1];
    const tries = [...(last.length === 1 ? last : ""), ...words.map((word) => word[0]), ...row.name, ...LETTERS];
    const stroke = row.keys.find((one) => !one.by), free = tries.find((letter) => LETTERS.includes(letter) && !this.keys.has(letter) && !this.taken.has(letter));
    const key = stroke ? stroke.key : free;
    if (!key) return null;
    this.keys.set(key, [down, up]);
    return this.make("kbd", {}, key.length === 1 && key === key.toUpperCase() && key !== key.toLowerCase() ? `⇧${key}` : key.toUpperCase());
  }

  /** Keys that turn a row on by so much from where it stands. */
  strokes(row) {
    for (const { key, by } of row.keys.filter((one) => one.by)) {
      const act = () => {
        const known = this.stands[row.id] ?? row.value;
        if (row.unit === "BPM" && (known === null || known === undefined)) return; // it is another's
        const stands = known ?? (row.low + row.high) / 2, span = row.high - row.low + 1, next = stands + by;
        const value = row.form === "choice" ? row.low + (next - row.low + span) % span : Math.max(row.low, Math.min(row.high, Math.round(next * 1000) / 1000));
        this.turn(row.id, value, true);
        if (this.shows.has(row.id)) this.shows.get(row.id)(value);
      };
      this.keys.set(key, [act, () => {}]);
    }
  }

  key(event, down) {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(SELECT|TEXTAREA)$/.test(event.target.tagName) || event.target.type === "text") return;
    const acts = this.keys && this.keys.get(event.key);
    if (!acts || (down && event.repeat)) return;
    event.preventDefault();
    acts[down ? 0 : 1]();
  }

  source(row) { return row.source ? this.make("span", { class: "src", title: "What turns it by MIDI" }, row.source) : null; }

  segments(row) {
    const buttons = row.choices.map((choice, at) => {
      const act = () => { this.turn(row.id, choice.value, true); this.shows.get(row.id)(choice.value); };
      const button = this.make("button", { type: "button", role: "radio", title: choice.help, "data-id": row.id, "data-value": choice.value },
        this.make("span", {}, choice.name), this.source(choice));
      button.addEventListener("click", act);
      return button;
    });
    this.shows.set(row.id, (value) => buttons.forEach((button, at) => {
      const on = row.choices[at].value === value;
      button.setAttribute("aria-checked", on);
      button.tabIndex = on || (value === undefined && at === 0) ? 0 : -1;
    }));
    const group = this.make("div", { class: "seg", role: "radiogroup", "aria-label": row.name },
      this.make("h2", {}, this.capital(row.name), ...row.keys.map(({ key }) => this.make("kbd", { title: "the next one" }, key.toUpperCase()))), ...buttons);
    this.strokes(row);
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const at = buttons.indexOf(this.document.activeElement);
      if (!step || at < 0) return;
      event.preventDefault();
      buttons[(at + step + buttons.length) % buttons.length].focus(); // Enter or Space chooses
    });
    this.shows.get(row.id)(row.value);
    return group;
  }

  capital(text) { return text[0].toUpperCase() + text.slice(1); }

  pad(row) {
    const button = this.make("button", { type: "button", class: SECTIONS.has(row.name) ? "pad section" : "pad", title: row.help, "data-id": row.id }, this.make("span", {}, this.capital(this.name(row))));
    if (row.form === "hold") this.hold(row, button);
    else if (row.form === "switch") this.switch(row, button, true);
    else {
      const act = () => { this.turn(row.id, 1, true); button.classList.add("hit"); setTimeout(() => button.classList.remove("hit"), 180); };
      button.addEventListener("click", act);
      button.append(...[this.shortcut(row, act)].filter(Boolean));
    }
    button.append(...[this.source(row)].filter(Boolean));
    return button;
  }

  hold(row, button) {
    const set = (on) => {
      if (this.held.has(row.id) === on) return;
      this.held[on ? "add" : "delete"](row.id);
      button.setAttribute("aria-pressed", on);
      this.turn(row.id, on ? 1 : 0, true);
    };
    const down = () => set(true), up = () => set(false);
    button.setAttribute("aria-pressed", false);
    button.dataset.hold = "true";
    button.addEventListener("pointerdown", (event) => { button.setPointerCapture(event.pointerId); down(); });
    for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, up);
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
    button.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); down(); } });
    button.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") up(); });
    button.append(...[this.shortcut(row, down, up)].filter(Boolean), this.make("small", {}, "hold"));
    (this.ups ||= []).push(up);
  }

  release() { for (const up of this.ups || []) up(); }

  switch(row, button, key = false) {
    const act = () => { const on = button.getAttribute("aria-pressed") !== "true"; this.turn(row.id, on ? 1 : 0, true); this.shows.get(row.id)(on ? 1 : 0); };
    button.addEventListener("click", act);
    this.shows.set(row.id, (value) => button.setAttribute("aria-pressed", (value || 0) >= 0.5));
    this.shows.get(row.id)(row.value);
    if (key) button.append(...[this.shortcut(row, act)].filter(Boolean));
  }

  toggle(row, text) {
    const keys = row.keys.map(({ key }) => this.make("kbd", {}, `⇧${key}`));
    const button = this.make("button", { type: "button", class: "toggle", title: row.help, "aria-label": `${this.name(row)} ${row.id.split(":")[1] || ""}`, "data-id": row.id }, text);
    this.switch(row, button);
    for (const { key } of row.keys) this.keys.set(key, [() => button.click(), () => {}]);
    button.append(...keys, ...[this.source(row)].filter(Boolean));
    return button;
  }

  mark(row) {
    const marks = this.get("marks");
    if (!marks.children.length) marks.append(this.make("span", {}, "Beats to make anew"));
    marks.setAttribute("aria-label", "Beats to make anew");
    marks.append(this.toggle(row, String(row.beat + 1)));
  }

  card(name, rows) {
    const switches = rows.filter((row) => row.form === "switch").map((row) => this.toggle(row, this.capital(this.name(row))));
    const first = rows.filter((row) => row.form === "slider" && row.beat === null).map((row) => this.field(row));
    const more = rows.filter((row) => row.form === "choice" || (row.form === "slider" && row.beat !== null)).map((row) => this.field(row));
    const pads = rows.filter((row) => row.form === "hit" || row.form === "hold").map((row) => this.pad(row));
    const card = this.make("article", { class: "card", "aria-label": name },
      this.make("header", {}, this.make("h2", {}, name), ...switches), this.make("div", { class: "sliders" }, ...first), ...pads,
      more.length ? this.make("details", {}, this.make("summary", {}, "Register and single beats"), this.make("div", { class: "sliders" }, ...more)) : null);
    card.style.setProperty("--role", `var(--${name})`);
    return card;
  }

  /** A knob or a list, with its name and how it stands. */
  field(row) {
    const id = `field-${row.id}`, output = this.make("output", { for: id });
    const keys = row.keys.filter((one) => one.by).map(({ key }) => this.make("kbd", {}, key.toUpperCase()));
    const field = this.make("div", { class: "slider", title: row.help }, this.make("label", { for: id }, this.name(row), ...keys), output);
    if (row.form === "choice") {
      const left = row.free ?? "free", unturned = row.free === null ? { disabled: "disabled", hidden: "hidden" } : {};
      const options = [this.make("option", { value: left, ...unturned }, "free"), ...row.choices.map((choice) => this.make("option", { value: choice.value }, choice.name))];
      const list = this.make("select", { id, "data-id": row.id }, ...options);
      list.addEventListener("change", () => this.turn(row.id, Number(list.value), true));
      this.shows.set(row.id, (value) => { if (list !== this.document.activeElement || value !== undefined) list.value = value ?? left; });
      output.append(...[this.source(row)].filter(Boolean));
      field.append(list);
    } else {
      const free = this.make("button", { class: "free", type: "button", title: "Leave it to the band", "aria-label": `${this.name(row)}: leave it to the band` }, "free");
      const step = row.whole ? 1 : (row.high - row.low) / 100;
      const knob = this.make("input", { id, type: "range", min: row.low, max: row.high, step, "data-id": row.id });
      const show = (value) => {
        const known = value !== null && value !== undefined && value !== row.free;
        field.classList.toggle("unset", !known);
        free.hidden = row.free === null || !known;
        knob.value = known ? value : (row.low + row.high) / 2;
        const digits = row.whole ? 0 : row.high - row.low > 4 ? 1 : 2;
        const text = known ? `${value.toFixed(digits)} ${row.unit}`.trim() : "free";
        knob.setAttribute("aria-valuetext", text);
        knob.style.setProperty("--at", `${(100 * (knob.value - row.low)) / (row.high - row.low)}%`);
        output.textContent = row.source ? `${text} · ${row.source}` : text;
      };
      let turnedAt = -1e9;
      knob.addEventListener("input", () => { turnedAt = performance.now(); const value = Number(knob.value); this.turn(row.id, value); show(value); });
      // what comes back while a hand is on it is older than the hand
      this.shows.set(row.id, (value) => { if (performance.now() - turnedAt > 400) show(value); });
      free.addEventListener("click", () => { turnedAt = performance.now(); this.turn(row.id, row.free, true); show(row.free); knob.focus(); });
      show(row.value);
      field.append(knob, free);
    }
    this.strokes(row);
    this.shows.get(row.id)(row.value);
    return field;
  }

  panic(row) {
    const button = this.get("panic");
    const act = () => this.turn(row.id, 1, true);
    button.hidden = false;
    button.title = row.help;
    button.dataset.id = row.id;
    button.onclick = act;
    for (const key of ["Escape", ...row.keys.map((one) => one.key)]) this.keys.set(key, [act, () => {}]);
  }

  show(stands) { this.stands = stands; for (const [id, show] of this.shows) show(stands[id]); }

  /** Marks the section that is played, the one that comes, and the variations that are kept. */
  sections({ now, next, kept, variation }) {
    for (const pad of this.document.querySelectorAll(".pad.section")) {
      const id = pad.dataset.id;
      pad.classList.toggle("on", !!id && (id === now || id === variation));
      pad.classList.toggle("comes", !!id && id === next);
      pad.classList.toggle("kept", kept.includes(id));
    }
  }
}
