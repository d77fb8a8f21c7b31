/** What the passing of time changes on a page: elapsed and relative times, told by the server's clock. One timer. */

/** How often relative times are told anew: their smallest unit is a minute. */
const COARSE_S = 15;

let skew = 0;

/** Take over the server's clock: the time at which it made the page. */
export function setClock(serverNow, browserNow = Date.now()) {
  skew = Date.parse(serverNow) - browserNow;
}

/** Return the server's time in milliseconds. */
export function now() {
  return Date.now() + skew;
}

/** Call `tick` every second while the page can be seen, and `tickAll` every 15 s and when it comes back into sight. */
export function startClock(tick, tickAll) {
  let seconds = 0;
  setInterval(() => {
    if (document.hidden) return;
    seconds += 1;
    if (seconds % COARSE_S === 0) tickAll();
    else tick();
  }, 1000);
  document.addEventListener("visibilitychange", tickAll);
}
