/** What every live page does: words, clock, connection indicator, refresh over HTTP, the socket. */

import { setClock, startClock } from "./clock.js";
import { Writer } from "./fields.js";
import { Follower } from "./follower.js";
import { morph } from "./morph.js";
import { loadConstants } from "../constants.js";
import { makeSay, readWords } from "../text/words.js";
import { io } from "../../vendor/socket.io.esm.min.js";

/** Open the page: `makePage({write, say, …, socket})` returns what follows the topic, see follower.js. */
export function openPage(makePage) {
  loadConstants(document);
  const { topic, base, refreshS, now } = document.body.dataset;
  const words = readWords(document);
  const main = document.getElementById("main");
  const icon = document.querySelector("link[rel=icon]");
  const say = makeSay(words);
  const write = new Writer(words, base);
  const socket = io("/live", { path: `${base}socket.io`, transports: ["websocket"] });
  const page = makePage({ write, say, announce, showIcon, refresh, renew, fetchMain, socket });

  setClock(now);
  write.localise(main);
  startClock(
    () => {
      write.tick(main);
      page.tick?.();
    },
    () => {
      write.tickAll(main);
      page.tick?.();
    },
  );
  const follower = new Follower(socket, topic, { refresh, ...page, tell }, Number(refreshS));
  follower.start();

  async function refresh(isWanted) {
    const fresh = await fetchPage(location.href);
    if (!isWanted()) return;
    morph(main, prepareMain(fresh));
    document.title = fresh.title;
    icon.setAttribute("href", fresh.querySelector("link[rel=icon]").getAttribute("href"));
    write.forget();
    page.forget();
  }

  /** Show the page as the server does now, and follow on from there: for what no frame tells. */
  async function renew() {
    await refresh(() => true);
    follower.subscribe();
  }

  /** Return the content of the page at an address, as the server shows it now. */
  async function fetchMain(address) {
    return prepareMain(await fetchPage(address));
  }

  function prepareMain(fresh) {
    setClock(fresh.body.dataset.now);
    const freshMain = fresh.getElementById("main");
    write.localise(freshMain);
    return freshMain;
  }

  function tell(connection) {
    const indicator = document.getElementById("connection");
    indicator.dataset.connection = connection;
    indicator.textContent = say(`connection.${connection}`, { n: refreshS });
  }

  /** Show one of `static/icons` in the tab. */
  function showIcon(name) {
    const href = icon.getAttribute("href").replace(/[^/]+$/, `${name}.svg`);
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  }

  function announce(text) {
    document.getElementById("announcement").textContent = text;
  }
}

async function fetchPage(address) {
  const response = await fetch(address, { cache: "no-store" });
  if (!response.ok) throw new Error(`the page answered ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
