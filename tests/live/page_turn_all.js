// Turns every control of the page, and gives their ids.
const turned = [];
for (const made of document.querySelectorAll("[data-id]")) {
  const id = made.dataset.id;
  if (made.tagName === "INPUT") {
    made.value = Number(made.min) + 0.5 * (made.max - made.min);
    made.dispatchEvent(new Event("input"));
  } else if (made.tagName === "SELECT") {
    made.value = made.options[made.options.length - 1].value;
    made.dispatchEvent(new Event("change"));
  } else if (made.dataset.hold) {
    for (const type of ["keydown", "keyup"]) made.dispatchEvent(new KeyboardEvent(type, { key: " " }));
  } else made.click();
  turned.push(id);
  await new Promise((go) => setTimeout(go, 40));
}
return turned;
