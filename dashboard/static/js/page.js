/** What every live page does: words, clock, connection indicator, refresh over HTTP, the socket. */

import { setClock, startClock } from "./clock.js";
import { Writer } from "./fields.js";
import { Follower } from "./follow.js";
import { morph } from "./morph.js";
import { fillPhrase, readWords } from "./words.js";
import { io } from "../vendor/socket.io.esm.min.js";

/** Open the page: `makePage({write, say, announce})` returns what follows the topic, see follow.js. */
export function openPage(makePage) {
  const { topic, base, refreshS, now } = document.body.dataset;
  const words = readWords(document);
  const main = document.getElementById("main");
  const say = (name, values) => fillPhrase(words[name], values);
  const write = new Writer(words, base);
  const page = makePage({ write, say, announce });

  setClock(now);
  write.localise(main);
  startClock(() => write.tick(main));
  const socket = io("/live", { path: `${base}socket.io`, transports: ["websocket"] });
  new Follower(socket, topic, { ...page, refresh, tell }, Number(refreshS)).start();

  async function refresh(isWanted) {
    const fresh = await fetchPage();
    if (!isWanted()) return;
    setClock(fresh.body.dataset.now);
    const freshMain = fresh.getElementById("main");
    write.localise(freshMain);
    morph(main, freshMain);
    document.title = fresh.title;
    write.forget();
    page.forget();
  }

  function tell(connection) {
    const indicator = document.getElementById("connection");
    indicator.dataset.connection = connection;
    indicator.textContent = say(`connection.${connection}`, { n: refreshS });
  }

  function announce(text) {
    document.getElementById("announcement").textContent = text;
  }
}

async function fetchPage() {
  const response = await fetch(location.href, { cache: "no-store" });
  if (!response.ok) throw new Error(`the page answered ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
