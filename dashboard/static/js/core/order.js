/** The orders in which the server shows things, for lists that change while the page is open: pure functions. */

/** Compare by Unicode code point, as Python does; JavaScript's own order is that of UTF-16. */
export function compareText(a, b) {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    if (left[i] !== right[i]) return left[i].codePointAt(0) - right[i].codePointAt(0);
  }
  return left.length - right.length;
}

/** Compare two times in UTC; microseconds, which are left out where they are zero, count. */
export function compareTimes(a, b) {
  const [left, right] = [a.replace(/Z$/, ""), b.replace(/Z$/, "")];
  return Number(left > right) - Number(left < right);
}

/** Compare jobs or steps of a deployment: number, then the start its sender told (none comes last), then key. */
export function compareNodes(a, b) {
  return (
    compareNullsLast(a.number ?? null, b.number ?? null, (x, y) => x - y) ||
    compareNullsLast(toldStart(a), toldStart(b), compareTimes) ||
    compareText(a.key, b.key)
  );
}

/** Compare deployments: the newest first. */
export function compareDeployments(a, b) {
  return compareTimes(b.sorted_at, a.sorted_at) || b.id - a.id;
}

function toldStart(node) {
  return node.started_observed ? null : (node.started_at ?? null);
}

function compareNullsLast(a, b, compare) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compare(a, b);
}
