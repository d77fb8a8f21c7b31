/** Many reasons to do something, few times that it is done. */

/** Return a function that gets the task done: soon, never twice at a time, and then not again before the pause is over.
 *
 * What is asked for meanwhile is done once more afterwards. A failure is left to whoever asks next. */
export function coalesce(task, pauseMs) {
  let wanted = false;
  let busy = false;

  return async function ask() {
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
