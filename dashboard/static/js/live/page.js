/** What every live page has: texts, clock, connection indicator, refresh over HTTP, the socket. */

import { setClock, startClock } from "./clock.js";
import { FieldWriter } from "./fields.js";
import { Follower } from "./follower.js";
import { morph } from "./morph.js";
import { loadConstants } from "../constants.js";
import { makeTranslator, readWords } from "../text/words.js";
import { io } from "../../vendor/socket.io.esm.min.js";

/** Open the page. `makePage({fields, translate, …, socket})` returns what the follower needs, see follower.js. */
export function openPage(makePage) {
  loadConstants(document);
  const { topic, base, refreshS, now } = document.body.dataset;
  const words = readWords(document);
  const main = document.getElementById("main");
  const icon = document.querySelector("link[rel=icon]");
  const translate = makeTranslator(words);
  const fields = new FieldWriter(words, base);
  const socket = io("/live", { path: `${base}socket.io`, transports: ["websocket"] });
  const page = makePage({ fields, translate, announce, showIcon, refresh, resync, fetchMain, socket });

  setClock(now);
  fields.localise(main);
  startClock(
    () => {
      fields.tick(main);
      page.tick?.();
    },
    () => {
      fields.tickAll(main);
      page.tick?.();
    },
  );
  const follower = new Follower(socket, topic, { refresh, ...page, showConnection }, Number(refreshS));
  follower.start();

  async function refresh(isWanted) {
    const fresh = await fetchPage(location.href);
    if (!isWanted()) return;
    morph(main, prepareMain(fresh));
    document.title = fresh.title;
    icon.setAttribute("href", fresh.querySelector("link[rel=icon]").getAttribute("href"));
    fields.forget();
    page.forget();
  }

  /** Show the page as the server renders it now, and subscribe again: for changes that are in no frame. */
  async function resync() {
    await refresh(() => true);
    follower.subscribe();
  }

  /** Return `<main>` of the page at an address, with the times in the visitor's zone. */
  async function fetchMain(address) {
    return prepareMain(await fetchPage(address));
  }

  function prepareMain(fresh) {
    setClock(fresh.body.dataset.now);
    const freshMain = fresh.getElementById("main");
    fields.localise(freshMain);
    return freshMain;
  }

  function showConnection(connection) {
    const indicator = document.getElementById("connection");
    indicator.dataset.connection = connection;
    indicator.textContent = translate(`connection.${connection}`, { n: refreshS });
  }

  /** Show an icon of `static/icons` in the tab. */
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
