/** The form of filters above a list; its fields become the query string of the address. */

/** Leave empty fields out of the address. */
export function sendWithoutBlanks(form) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });
}
