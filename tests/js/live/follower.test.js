import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { beforeEach, mock, test } from "node:test";

import { Follower } from "../../../dashboard/static/js/live/follower.js";
import "../tables.js";

/** Replaces the socket of socket.io-client: keeps the requests, and answers when the test says so. */
class Wire extends EventEmitter {
  asked = [];
  connected = true;

  timeout() {
    return { emit: (name, message, answer) => this.asked.push({ name, message, answer }) };
  }

  answer(acknowledgement) {
    this.asked.at(-1).answer(null, acknowledgement);
  }
}

function open({ seq = 3, refresh = async () => {} } = {}) {
  const wire = new Wire();
  const page = {
    seq,
    log: [],
    since: () => page.seq,
    reset: (snapshot) => { page.seq = snapshot.seq; page.log.push(`snapshot ${snapshot.seq}`); },
    apply(frame) {
      if (frame.prev_seq > page.seq) return false;
      if (frame.seq > page.seq) { page.seq = frame.seq; page.log.push(`frame ${frame.seq}`); }
      return true;
    },
    refresh,
    showConnection: (connection) => page.log.push(connection),
  };
  new Follower(wire, "deployment:1", page, 30).start();
  return { wire, page };
}

const makeFrame = (prev_seq, seq) => ({ deployment_id: 1, prev_seq, seq, deployment: {}, jobs: [], steps: [] });
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

test("it asks for what it lacks, and is live once the subscription is acknowledged", () => {
  const { wire, page } = open();
  wire.emit("connect");
  assert.deepEqual(wire.asked[0].message, { topic: "deployment:1", since: 3 });
  assert.deepEqual(page.log, ["connecting"]);
  wire.answer({ seq: 4, events: [makeFrame(3, 4)] });
  assert.deepEqual(page.log, ["connecting", "frame 4", "live"]);
});

test("messages are held back until the acknowledgement, then applied in order", () => {
  const { wire, page } = open();
  wire.emit("connect");
  wire.emit("step.updated", makeFrame(3, 4));
  wire.emit("deployment.updated", makeFrame(4, 5));
  assert.deepEqual(page.log, ["connecting"]);
  wire.answer({ seq: 4, snapshot: { seq: 4 } });
  assert.deepEqual(page.log, ["connecting", "snapshot 4", "live", "frame 5"]);
});

test("after a gap it asks for the tail from where it is", () => {
  const { wire, page } = open();
  wire.emit("connect");
  wire.answer({ seq: 3, events: [] });
  wire.emit("step.updated", makeFrame(5, 6));
  assert.deepEqual(wire.asked.at(-1).message, { topic: "deployment:1", since: 3 });
  wire.answer({ seq: 6, events: [makeFrame(3, 4), makeFrame(4, 6)] });
  assert.equal(page.seq, 6);
});

test("after a resync event it asks for the tail, though no message shows a gap", () => {
  const { wire, page } = open();
  wire.emit("connect");
  wire.answer({ seq: 3, events: [] });
  wire.emit("resync");
  assert.deepEqual(wire.asked.at(-1).message, { topic: "deployment:1", since: 3 });
  wire.answer({ seq: 5, events: [makeFrame(3, 5)] });
  assert.equal(page.seq, 5);
});

test("a tail that does not follow on is replaced by a snapshot", () => {
  const { wire, page } = open();
  wire.emit("connect");
  wire.answer({ seq: 9, events: [makeFrame(7, 9)] });
  assert.equal(wire.asked.at(-1).message.since, null);
  wire.answer({ seq: 9, snapshot: { seq: 9 } });
  assert.equal(page.seq, 9);
});

test("an acknowledgement of an earlier connection is ignored", () => {
  const { wire, page } = open();
  wire.emit("connect");
  const [late] = wire.asked;
  wire.emit("disconnect");
  wire.emit("connect");
  late.answer(null, { seq: 99, snapshot: { seq: 99 } });
  assert.equal(page.seq, 3);
  assert.equal(page.log.includes("live"), false);
});

test("while the socket is down the page is refreshed, and says so; live again, it stops", async () => {
  const refresh = mock.fn(async () => {});
  const { wire, page } = open({ refresh });
  wire.emit("connect");
  wire.answer({ seq: 3, events: [] });
  wire.emit("disconnect");
  wire.emit("connect_error");
  assert.deepEqual(page.log.slice(-2), ["live", "reconnecting"]);
  mock.timers.tick(30_000);
  await settle();
  assert.equal(page.log.at(-1), "refreshing");
  wire.emit("connect");
  wire.answer({ seq: 3, events: [] });
  mock.timers.tick(90_000);
  await settle();
  assert.equal(page.log.at(-1), "live");
  assert.equal(refresh.mock.callCount(), 1);
});

test("if the page cannot be refreshed either, it says that what is shown is stale", async () => {
  const { page } = open({ refresh: () => Promise.reject(new Error("offline")) });
  mock.timers.tick(30_000);
  await settle();
  assert.equal(page.log.at(-1), "stale");
});

test("what was fetched before a subscription began is not shown after it", async () => {
  let isWanted = null;
  let finish = null;
  const { wire, page } = open({ refresh: (wanted) => { isWanted = wanted; return new Promise((resolve) => (finish = resolve)); } });
  mock.timers.tick(30_000);
  assert.equal(isWanted(), true);
  wire.emit("connect");
  assert.equal(isWanted(), false);
  wire.answer({ seq: 3, events: [] });
  finish();
  await settle();
  assert.equal(page.log.at(-1), "live");
});

test("what was fetched while a subscription was not yet acknowledged is not shown after it", () => {
  let isWanted = null;
  const { wire, page } = open({ refresh: (wanted) => { isWanted = wanted; return new Promise(() => {}); } });
  wire.emit("connect");
  mock.timers.tick(30_000);
  assert.equal(isWanted(), true);
  wire.asked.at(-1).answer(null, { seq: 4, events: [makeFrame(3, 4)] });
  assert.equal(page.log.at(-1), "live");
  assert.equal(isWanted(), false);
});

test("a refused or unanswered subscription is tried again", () => {
  const { wire } = open();
  wire.emit("connect");
  wire.answer({ error: "live updates are not available yet, try again" });
  mock.timers.tick(3000);
  assert.equal(wire.asked.length, 2);
  wire.asked[1].answer(new Error("timeout"));
  mock.timers.tick(3000);
  assert.equal(wire.asked.length, 3);
});
