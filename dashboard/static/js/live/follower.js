/** Follows one topic over a socket, and says how far what is shown can be trusted. Knows neither the DOM nor Socket.IO.
 *
 * `page` is what shows the topic: `since()` the seq it is at (null: show me everything), `reset(snapshot)`,
 * `apply(frame, name)` false if it does not follow on, `refresh(isWanted)` over HTTP, `tell(connection)`. */

export const EVENTS = ["deployment.created", "deployment.updated", "deployment.completed", "step.updated"];
const ACKNOWLEDGE_MS = 10_000;
const RETRY_MS = 3000;

export class Follower {
  constructor(socket, topic, page, refreshS) {
    Object.assign(this, { socket, topic, page, refreshS });
    this.round = 0;
    this.held = []; // messages held back until the acknowledgement; null once it is there
    this.timer = null; // of the refresh over HTTP, which runs exactly while the socket does not carry the topic
  }

  start() {
    for (const name of EVENTS) this.socket.on(name, (frame) => this.receive(name, frame));
    this.socket.on("connect", () => this.subscribe());
    this.socket.on("resync", () => this.subscribe()); // the server did not tell us everything: we were too slow
    this.socket.on("disconnect", () => this.lose("reconnecting"));
    this.socket.on("connect_error", () => this.lose("reconnecting"));
    this.lose("connecting");
  }

  subscribe(since = this.page.since()) {
    this.round += 1;
    this.held = [];
    const round = this.round;
    this.socket.timeout(ACKNOWLEDGE_MS).emit("subscribe", { topic: this.topic, since }, (error, answer) => {
      if (round !== this.round) return;
      if (error || answer.error) this.retry(round);
      else this.catchUp(answer);
    });
  }

  retry(round) {
    this.lose("reconnecting");
    setTimeout(() => round === this.round && this.socket.connected && this.subscribe(), RETRY_MS);
  }

  catchUp({ snapshot, events = [] }) {
    if (snapshot) this.page.reset(snapshot);
    if (!events.every((event) => this.page.apply(event))) {
      this.subscribe(null);
      return;
    }
    const held = this.held;
    this.held = null;
    this.regain();
    for (const [name, frame] of held) this.receive(name, frame);
  }

  receive(name, frame) {
    if (this.held !== null) this.held.push([name, frame]);
    else if (!this.page.apply(frame, name)) this.subscribe();
  }

  /** The socket carries the topic again: what is still being fetched over HTTP knows less. */
  regain() {
    this.round += 1;
    clearInterval(this.timer);
    this.timer = null;
    this.page.tell("live");
  }

  /** The socket does not carry the topic: refresh over HTTP until it does. */
  lose(connection) {
    if (this.timer !== null) return;
    this.page.tell(connection);
    this.timer = setInterval(() => this.refresh(), this.refreshS * 1000);
  }

  async refresh() {
    const { round } = this;
    let connection = "refreshing";
    try {
      // A subscription that began in the meantime knows better than what was fetched before it.
      await this.page.refresh(() => round === this.round);
    } catch {
      connection = "stale";
    }
    if (this.timer !== null) this.page.tell(connection);
  }
}
