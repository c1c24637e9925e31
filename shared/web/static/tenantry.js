// The pages work without this: it puts times into the reader's own zone and follows what is under way.

const LOOK_AGAIN = 2000; // milliseconds

// The page's language, as it is written where the reader is, if that is one of the reader's own.
const language = document.documentElement.lang;
const tag = navigator.languages.find((own) => own.split("-")[0] === language) ?? language;
const asText = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" });

for (const element of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.valueOf())) continue;
  element.title = element.textContent;
  element.textContent = asText.format(moment);
}

function show(section, view) {
  const bar = section.querySelector("progress");
  const text = section.querySelector("[data-text]");
  if (view.max) {
    bar.max = view.max;
    bar.value = view.value;
  } else {
    bar.removeAttribute("value");
  }
  if (text.textContent !== view.text) text.textContent = view.text; // a screen reader speaks every change
}

async function follow(section) {
  const response = await fetch(section.dataset.follow, { headers: { Accept: "application/json" } });
  if (response.status >= 500) return; // briefly broken: look again
  if (!response.ok) {
    location.reload(); // the session has ended; the page says so
    return;
  }
  const view = await response.json();
  if (view.key === section.dataset.key) show(section, view);
  else location.reload();
}

async function goOn(section) {
  if (!document.hidden) {
    await follow(section).catch(() => {}); // offline: look again
  }
  setTimeout(goOn, LOOK_AGAIN, section);
}

const section = document.querySelector("[data-follow]");
if (section) setTimeout(goOn, LOOK_AGAIN, section);
