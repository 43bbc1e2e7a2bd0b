// The demo's page: sends requests and shows which worker has answered.

/** Requests to /any that are under way at a time, so that the workers compete. */
const PARALLEL = 8;

const tally = new Map(["Swift", "Python", "Go", "Shell"].map((worker) => [worker, 0]));

/** Asks for a path; tells who answered, after how many milliseconds. */
async function ask(path) {
  const start = performance.now();
  const response = await fetch(path, { cache: "no-store" });
  const text = (await response.text()).trim();
  const milliseconds = performance.now() - start;
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return { worker: text.match(/^hello from (\w+)/)?.[1] ?? "somebody", text, milliseconds };
}

function inMilliseconds(number) {
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ms`;
}

async function askOne(button) {
  const outcome = button.querySelector("[data-outcome]");
  button.dataset.state = "asked";
  outcome.textContent = "…";
  try {
    const { worker, milliseconds } = await ask(button.dataset.path);
    outcome.textContent = `${worker} answered in ${inMilliseconds(milliseconds)}`;
    button.dataset.state = "answered";
    button.dataset.answeredBy = worker;
  } catch (error) {
    outcome.textContent = error.message;
    button.dataset.state = "failed";
  }
}

function showTally() {
  const most = Math.max(1, ...tally.values());
  for (const [worker, answers] of tally) {
    const row = document.querySelector(`.tally [data-worker="${worker}"]`);
    row.querySelector("meter").value = answers / most;
    row.querySelector("output").textContent = answers;
  }
}

async function askAny(times) {
  const last = document.querySelector("[data-last]");
  let left = times;
  let failures = 0;
  const askUntilDone = async () => {
    while (left > 0) {
      left -= 1;
      try {
        const { worker, text, milliseconds } = await ask("/any");
        tally.set(worker, (tally.get(worker) ?? 0) + 1);
        last.textContent = `${text} (${inMilliseconds(milliseconds)})`;
      } catch (error) {
        failures += 1;
        last.textContent = error.message;
      }
      showTally();
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, times) }, askUntilDone));
  if (failures > 0) last.textContent = `${failures} of ${times} were not answered. ${last.textContent}`;
}

for (const button of document.querySelectorAll("[data-path]")) {
  button.addEventListener("click", () => askOne(button));
}
for (const button of document.querySelectorAll("[data-any]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    await askAny(Number(button.dataset.any));
    button.disabled = false;
  });
}
document.querySelector("[data-reset]").addEventListener("click", () => {
  for (const worker of tally.keys()) tally.set(worker, 0);
  showTally();
});
document.querySelector("[data-curl]").textContent = ["swift", "python", "go", "sh", "any"]
  .map((path) => `curl ${location.origin}/${path}`)
  .join("\n");
