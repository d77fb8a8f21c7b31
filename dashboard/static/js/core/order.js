/** The sort orders of the server, for lists that change while the page is open: pure functions. */

/** Compare by Unicode code point, as Python does. JavaScript itself compares UTF-16 units. */
export function compareText(a, b) {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    if (left[i] !== right[i]) return left[i].codePointAt(0) - right[i].codePointAt(0);
  }
  return left.length - right.length;
}

/** Compare two times in UTC, with or without microseconds. */
export function compareTimes(a, b) {
  const [left, right] = [a.replace(/Z$/, ""), b.replace(/Z$/, "")];
  return Number(left > right) - Number(left < right);
}

/** Compare jobs or steps of a deployment by number, reported start and key; a missing number or start comes last. */
export function compareNodes(a, b) {
  return (
    compareNullsLast(a.number ?? null, b.number ?? null, (x, y) => x - y) ||
    compareNullsLast(reportedStart(a), reportedStart(b), compareTimes) ||
    compareText(a.key, b.key)
  );
}

/** Compare deployments, the newest first. */
export function compareDeployments(a, b) {
  return compareTimes(b.sorted_at, a.sorted_at) || b.id - a.id;
}

function reportedStart(node) {
  return node.started_observed ? null : (node.started_at ?? null);
}

function compareNullsLast(a, b, compare) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compare(a, b);
}
