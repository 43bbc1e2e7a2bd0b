// The feed's side of the socket: stays connected, and fits what it missed to what it has.

/** Milliseconds before another attempt: longer each time, and not in step with other pages. */
const backoff = (attempt) => Math.min(5000, 250 * 2 ** attempt) * (0.5 + Math.random() / 2);

/** Puts the feed's own posts and the history together, each post once, in order. */
export function merge(posts, history) {
  for (let size = Math.min(posts.length, history.length); size > 0; size -= 1) {
    const tail = posts.slice(-size);
    for (let start = history.length - size; start >= 0; start -= 1) {
      if (tail.every((post, place) => post === history[start + place])) {
        return posts.concat(history.slice(start + size));
      }
    }
  }
  return posts.length > 0 && history.length === 0 ? posts : history.concat(posts);
}

/**
 * Connects, again and again, and tells what comes.
 *
 * on.state("open" | "away"), on.posts(list of texts), on.event({readers} | {job, percent})
 */
export function connect(address, on) {
  let posts = [];
  let attempt = 0;

  function take(text) {
    if (!text.startsWith("{")) {
      posts.push(text);
      return on.posts(posts);
    }
    const event = JSON.parse(text);
    if (!event.history) return on.event(event);
    posts = merge(posts, event.history);
    return on.posts(posts);
  }

  function open() {
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      attempt = 0;
      on.state("open");
    });
    socket.addEventListener("message", ({ data }) => take(data));
    socket.addEventListener("close", () => {
      on.state("away");
      setTimeout(open, backoff(attempt));
      attempt += 1;
    });
  }
  open();
}
