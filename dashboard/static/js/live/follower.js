/** Follows one topic over a socket, and reports the state of the connection. Knows neither the DOM nor Socket.IO.
 *
 * `page` shows the topic. `since()` returns its seq (null for a snapshot); `reset(snapshot)` and `apply(frame, name)`
 * update it, and `apply` returns false if frames are missing; `refresh(isWanted)` updates it over HTTP;
 * `showConnection(connection)` shows the state of the connection. */

import { constants } from "../constants.js";

const ACKNOWLEDGE_MS = 10_000;
const RETRY_MS = 3000;

export class Follower {
  constructor(socket, topic, page, refreshS) {
    Object.assign(this, { socket, topic, page, refreshS });
    this.round = 0;
    this.held = []; // messages held back until the subscription is acknowledged, then null
    this.timer = null; // of the refresh over HTTP, which runs while the topic is not followed over the socket
  }

  start() {
    for (const name of constants.live.event_kinds) this.socket.on(name, (frame) => this.receive(name, frame));
    this.socket.on("connect", () => this.subscribe());
    this.socket.on("resync", () => this.subscribe()); // the server left out messages because this page was too slow
    this.socket.on("disconnect", () => this.goOffline("reconnecting"));
    this.socket.on("connect_error", () => this.goOffline("reconnecting"));
    this.goOffline("connecting");
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
    this.goOffline("reconnecting");
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
    this.goLive();
    for (const [name, frame] of held) this.receive(name, frame);
  }

  receive(name, frame) {
    if (this.held !== null) this.held.push([name, frame]);
    else if (!this.page.apply(frame, name)) this.subscribe();
  }

  /** The topic is followed over the socket: what is still being fetched over HTTP is older. */
  goLive() {
    this.round += 1;
    clearInterval(this.timer);
    this.timer = null;
    this.page.showConnection("live");
  }

  /** The topic is not followed over the socket: refresh over HTTP until it is. */
  goOffline(connection) {
    if (this.timer !== null) return;
    this.page.showConnection(connection);
    this.timer = setInterval(() => this.refresh(), this.refreshS * 1000);
  }

  async refresh() {
    const { round } = this;
    let connection = "refreshing";
    try {
      // What was fetched before a subscription began must not replace what the subscription brings.
      await this.page.refresh(() => round === this.round);
    } catch {
      connection = "stale";
    }
    if (this.timer !== null) this.page.showConnection(connection);
  }
}
