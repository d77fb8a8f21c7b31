/** The form above a list, whose fields become the address of the page. */

/** Keep fields that narrow nothing out of the address. */
export function sendWithoutBlanks(form) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });
}
