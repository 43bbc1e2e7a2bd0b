// The live blog's page.
import { connect } from "./feed.js";

const byId = (id) => document.getElementById(id);
const feed = byId("feed");

function show(posts) {
  for (const text of posts.slice(feed.childElementCount)) {
    const [, author, said] = text.match(/^([^:]{1,40}): ([^]*)$/) ?? [null, "Somebody", text];
    const entry = document.createElement("li");
    entry.dataset.worker = author;
    entry.append(Object.assign(document.createElement("b"), { textContent: author }));
    entry.append(Object.assign(document.createElement("p"), { textContent: said }));
    feed.prepend(entry);
  }
  byId("empty").hidden = posts.length > 0;
}

/** Only workers that there are have a button. */
for (const group of document.querySelectorAll("[data-workers]")) {
  const there = group.dataset.workers.split(" ");
  for (const button of group.children) button.hidden = !there.includes(button.dataset.worker);
}

/** What was posted before this page knew of it may come in between: then all is shown anew. */
let shown = [];
function showAll(posts) {
  if (!shown.every((text, place) => text === posts[place])) feed.replaceChildren();
  show(posts);
  shown = [...posts];
}

function showEvent(event) {
  if ("readers" in event) byId("readers").textContent = event.readers;
  if (event.job && event.job === byId("job").dataset.job) byId("progress").value = event.percent;
}

connect(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`, {
  state(state) {
    document.body.dataset.state = state;
    byId("state").textContent = state === "open" ? "connected" : "connecting again …";
  },
  posts: showAll,
  event: showEvent,
});

byId("post").addEventListener("submit", async (submission) => {
  submission.preventDefault();
  const text = byId("text").value.trim();
  if (!text) return;
  const path = submission.submitter?.value ?? "/swift";
  byId("outcome").textContent = "…";
  try {
    const response = await fetch(path, { method: "POST", body: text, headers: { "content-type": "text/plain" } });
    byId("outcome").textContent = response.ok ? (await response.text()).trim() : `not posted: ${response.status}`;
    if (response.ok) byId("text").value = "";
  } catch {
    byId("outcome").textContent = "not posted: the server is away";
  }
});

byId("bigdata").addEventListener("submit", async (submission) => {
  submission.preventDefault();
  const job = crypto.randomUUID();
  byId("job").dataset.job = job;
  byId("progress").value = 0;
  byId("result").textContent = "";
  byId("job").disabled = true;
  try {
    const response = await fetch("/bigdata", { method: "POST", body: new URLSearchParams({ job, limit: byId("limit").value }) });
    byId("result").textContent = (await response.text()).trim();
  } catch {
    byId("result").textContent = "no answer: the server is away";
  }
  byId("job").disabled = false;
});
