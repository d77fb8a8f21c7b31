/** The forms that replay deliveries. */

/** Send each form once: a replay takes its time. */
export function guardReplays() {
  for (const form of document.querySelectorAll("form.replay")) {
    form.addEventListener("submit", () => {
      form.querySelector("button").disabled = true;
    });
  }
  // A page that the browser kept is shown again as it was left: with the button disabled.
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form.replay button")) button.disabled = false;
  });
}
