// ESLint's rules for the scripts of the pages, their tests and the scripts that Node runs; `make lint` applies them.
import js from "@eslint/js";
import globals from "globals";

const NO_HTML = "Text is written with textContent, so that nothing in the data is read as HTML.";

export default [
  { ignores: ["dashboard/static/vendor/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // Size: a function is short enough to be read at once, a file has one subject.
      complexity: ["error", 20],
      "max-depth": ["error", 3],
      "max-lines": ["error", 300],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "max-nested-callbacks": ["error", 4],
      "max-params": ["error", 6],
      // What is legal but usually a mistake.
      "array-callback-return": "error",
      "consistent-return": "error",
      curly: ["error", "multi-line", "consistent"],
      "default-case-last": "error",
      eqeqeq: "error",
      "no-implicit-coercion": "error",
      "no-loop-func": "error",
      "no-param-reassign": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      radix: "error",
      "require-await": "error",
      // One way of writing each thing.
      "no-else-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      // No text becomes code.
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: NO_HTML })),
      ],
    },
  },
  {
    files: ["dashboard/static/js/**"],
    languageOptions: { globals: globals.browser },
    rules: { "no-console": "error" },
  },
  {
    files: ["tests/js/**", "scripts/**", "eslint.config.mjs"],
    languageOptions: { globals: globals.node },
  },
];
