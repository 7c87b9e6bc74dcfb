// What can be done with an answer: copy a number, say which part it is.

export function copyButtons(within) {
  for (const button of within.querySelectorAll(".copy")) {
    button.hidden = false;
    button.onclick = async () => {
      await copied(button.dataset.copy);
      const before = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = before), 1500);
    };
  }
}

// "Only such parts": what the photo looks like becomes the filter, and the photo is asked about again.
export function onlyButtons(within, form) {
  for (const button of within.querySelectorAll(".only")) {
    const field = form.elements[button.dataset.field];
    const option = [...(field?.options ?? [])].find((one) => one.value === button.dataset.value);
    if (!option) continue;
    button.hidden = field.value === option.value;
    button.onclick = () => {
      field.value = option.value;
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new Event("change"));
    };
  }
}

// Passing an answer on: by the system's own way where the browser has one, on paper.
export function sendButtons(within) {
  for (const button of within.querySelectorAll(".print")) {
    button.hidden = false;
    button.onclick = () => window.print();
  }
  for (const button of within.querySelectorAll(".share")) {
    button.hidden = !navigator.share;
    button.onclick = async () => {
      const photo = await (await fetch(button.dataset.photo)).blob();
      const files = [new File([photo], "photo.jpg", { type: "image/jpeg" })];
      const said = { title: document.title, text: button.dataset.text };
      await navigator.share(navigator.canShare?.({ files }) ? { ...said, files } : said).catch(() => {}); // or not
    };
  }
}

// A part's views one after the other, with a finger or the arrow keys.
export function turning(within) {
  for (const figure of within.querySelectorAll(".turn")) {
    const views = [...within.querySelectorAll(".views a")].map((link) => link.href);
    const [picture, slider] = [figure.querySelector("img"), figure.querySelector("input")];
    slider.max = views.length;
    figure.hidden = views.length < 2;
    slider.oninput = () => (picture.src = views[slider.value - 1]);
  }
}

async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // on plain http in a LAN browsers have no clipboard interface
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function judgeForms(within, offline) {
  for (const form of within.querySelectorAll("form.judge")) {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const said = document.createElement("p");
      said.setAttribute("role", "status");
      try {
        const answer = await fetch("/feedback", { method: "POST", body: new FormData(form), headers: { accept: "text/plain" } });
        said.className = answer.ok ? "note good" : "note bad";
        said.textContent = answer.ok ? form.dataset.done : await answer.text();
        if (answer.ok && !form.matches(".other")) form.querySelector("button").disabled = true;
      } catch {
        said.className = "note bad";
        said.textContent = offline;
      }
      form.parentElement.querySelector(":scope > [role=status]")?.remove();
      form.after(said);
    };
  }
}
