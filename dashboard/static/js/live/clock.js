/** The clock of a page: the server's time, and the one timer that updates elapsed and relative times. */

/** Interval at which relative times are updated; their smallest unit is a minute. */
const COARSE_S = 15;

let skew = 0;

/** Set the clock to the time at which the server rendered the page. */
export function setClock(serverNow, browserNow = Date.now()) {
  skew = Date.parse(serverNow) - browserNow;
}

/** Return the server's time in milliseconds. */
export function now() {
  return Date.now() + skew;
}

/** Call `tick` every second while the page is visible, but `tickAll` every 15 s and when its visibility changes. */
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
