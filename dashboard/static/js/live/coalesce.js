/** Turns many requests for a task into few runs of it. */

/** Return a function that requests a run of the task. Runs never overlap, and a pause follows each of them.
 *
 * Requests during a run or its pause lead to one more run afterwards. A failed run is not repeated by itself. */
export function coalesce(task, pauseMs) {
  let wanted = false;
  let busy = false;

  return async function request() {
    wanted = true;
    if (busy) return;
    busy = true;
    while (wanted) {
      wanted = false;
      await task().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    busy = false;
  };
}
