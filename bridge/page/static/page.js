// What the bridge tells comes in here and is kept in `state`; what is turned goes out here.
import { Chart } from "/chart.js";
import { Controls } from "/controls.js";
import { Desk } from "/desk.js";
import { Roll } from "/roll.js";
import { Top } from "/top.js";

const SILENT_MS = 3500; // the bridge says something at least every second
const AGAIN_MS = 1000;
const TURN_MS = 33;
const SOON_MS = 12, LOOK_MS = 250; // until the picture is looked at again
const SHOWN = new Set(["stage", "play", "chords", "stands"]); // by the roll, with the parts

export const state = { stage: null, play: null, song: {}, chords: [], parts: {}, stands: {}, said: [], figures: {}, bay: null, desk: null, sections: null, ahead: 0 };

/** Seconds of the bridge's clock; the quickest message tells best how far it is from ours. */
export function bridgeNow() { return performance.now() / 1000 + state.ahead; }

/** The beat of the song that sounds now. */
export function beatNow() {
  const play = state.play;
  if (!play) return 0;
  return play.rolling ? play.at_beat + (bridgeNow() - play.at_s) * play.bpm / 60 : play.at_beat;
}

let socket = null, heardAt = performance.now(), turns = new Map(), turnDue = false, flushedAt = 0;
const lost = document.getElementById("lost");
const top = new Top(document), roll = new Roll(document.getElementById("roll"));
const controls = new Controls(document, turn), desk = new Desk(document, send), chart = new Chart(document, send);

/** Turn the control `id`; of a knob that moves on, only the latest value of `TURN_MS` is sent. */
export function turn(id, value, now = false) {
  state.stands[id] = value;
  if (now) { flush(); send({ turn: { id, value } }); return; }
  turns.set(id, value);
  const soon = flushedAt + TURN_MS - performance.now();
  if (soon <= 0) flush();
  else if (!turnDue) { turnDue = true; setTimeout(flush, soon); }
}

function flush() {
  turnDue = false;
  flushedAt = performance.now();
  for (const [id, value] of turns) send({ turn: { id, value } });
  turns.clear();
}

function send(word) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(word));
}

function take(news) {
  const ahead = news.now - performance.now() / 1000;
  // a late message seems to come from an earlier clock; drift is let in slowly
  state.ahead = state.ahead === 0 || ahead > state.ahead ? ahead : state.ahead - Math.min(0.0002, state.ahead - ahead);
  if (news.stage) { state.stage = news.stage; state.parts = {}; controls.build(news.stage); top.build(news.stage); desk.build(news.stage); chart.build(news.stage); }
  for (const key of ["play", "song", "chords", "said", "figures", "bay", "desk", "sections"]) if (key in news) state[key] = news[key];
  for (const key in news) if (key.includes(":")) state.parts[key] = news[key];
  if (news.stands) { state.stands = { ...news.stands }; controls.show(state.stands); }
  if ("bay" in news) desk.ports(news.bay);
  if (news.desk) { desk.show(news.desk); top.record(state); }
  if ("chart" in news) chart.take(news.chart);
  if ("answer" in news) chart.answer(news.answer);
  if (news.sections) controls.sections(news.sections);
  if (news.song || news.figures || news.said || news.play) top.show(state);
  roll.dirty ||= Object.keys(news).some((key) => SHOWN.has(key) || key.includes(":"));
  drawSoon();
}

function connect() {
  state.ahead = 0;
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.onmessage = (event) => {
    const news = JSON.parse(event.data);
    heardAt = performance.now();
    lost.hidden = true;
    take(news);
    send({ seen: news.number });
  };
  socket.onclose = () => { lost.hidden = false; socket = null; setTimeout(connect, AGAIN_MS); };
}

setInterval(() => {
  if (socket && performance.now() - heardAt > SILENT_MS) { lost.hidden = false; heardAt = performance.now(); socket.close(); }
}, 500);

const calm = matchMedia("(prefers-reduced-motion: reduce)");
let due = 0, asked = false;

function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

/** Draw now, and again when something changes by itself: between, the browser moves the music alone. */
function draw() {
  clearTimeout(due);
  asked = false;
  if (!state.stage) return;
  const beat = beatNow(), next = Math.min(roll.draw(state, beat, calm.matches), top.tick(state, beat));
  chart.tick(Math.floor(beat / state.stage.beats + 1e-6));
  const rolls = state.play && state.play.rolling;
  const soon = rolls ? (next - beat) * 60000 / state.play.bpm : LOOK_MS;
  due = setTimeout(drawSoon, roll.dirty ? SOON_MS : Math.max(SOON_MS, Math.min(LOOK_MS, soon)));
}
calm.addEventListener("change", drawSoon);
addEventListener("resize", drawSoon);
connect();
