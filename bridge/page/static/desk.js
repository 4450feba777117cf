// Ports, takes, presets and the songs of the set list: what is done beside the music.

export class Desk {
  /** `send(word)` hands on what is wanted. */
  constructor(document, send) {
    this.document = document;
    this.get = (id) => document.getElementById(id);
    this.send = send;
    this.get("take").onclick = () => this.errand(this.desk && this.desk.take ? "stop" : "record");
    this.get("load").onchange = (event) => { if (event.target.value) this.errand("load", event.target.value); event.target.value = ""; };
    this.get("save").onsubmit = (event) => {
      event.preventDefault();
      const name = this.get("preset").value.trim();
      if (name) this.errand("save", name);
    };
  }

  errand(what, name = "") { this.send({ errand: { type: "Errand", what, name } }); }

  make(name, attributes = {}, ...children) {
    const made = this.document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  build(stage) {
    this.stage = stage;
    this.bay = undefined;
    this.get("ports-card").hidden = true;
  }

  /** The port menus, where the ports said what there is. */
  ports(bay) {
    if (!bay || bay === this.bay) return;
    this.bay = bay;
    this.get("ports-card").hidden = false;
    const menus = [
      ...bay.inputs.map((other, port) => this.menu(true, port, this.stage.inputs[port], other, bay.sources)),
      ...bay.outputs.map((other, port) => this.menu(false, port, this.stage.outputs[port], other, bay.targets)),
    ];
    this.get("ports").replaceChildren(...menus);
  }

  menu(isInput, port, name, other, existing) {
    const id = `${isInput ? "in" : "out"}-${port}`, nothing = isInput ? "whoever connects to it" : "whoever it is connected to";
    const names = existing.includes(other) || !other ? existing : [other, ...existing];
    const list = this.make("select", { id, "data-port": id }, this.make("option", { value: "" }, nothing),
      ...names.map((one) => this.make("option", { value: one }, one)));
    list.value = other;
    list.onchange = () => this.send({ patch: { type: "Patch", is_input: isInput, port, other: list.value } });
    return this.make("div", { class: "slider" }, this.make("label", { for: id }, isInput ? `${name} hears` : `${name} plays on`), list);
  }

  show(desk) {
    if (desk === this.desk) return;
    this.desk = desk;
    const last = (path) => path.split(/[\\/]/).pop();
    this.get("take").setAttribute("aria-pressed", !!desk.take);
    this.get("take-word").textContent = desk.take ? "Stop the take" : "Record a take";
    this.get("take-file").textContent = desk.take ? `${last(desk.take)} …` : desk.latest ? `${last(desk.latest)}/session.mid` : "none yet";
    this.get("take-file").title = desk.take || desk.latest;
    this.get("load").replaceChildren(this.make("option", { value: "" }, desk.presets.length ? "choose one" : "none yet"),
      ...desk.presets.map((name) => this.make("option", { value: name }, name)));
    const songs = desk.songs.length ? desk.songs : desk.song ? [desk.song] : [];
    this.get("songs-card").hidden = !songs.length;
    this.get("songs").replaceChildren(...songs.map((name) => this.make("li", name === desk.song ? { class: "on", "aria-current": "true" } : {}, name)));
  }
}
