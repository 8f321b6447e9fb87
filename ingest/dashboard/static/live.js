// The live page: records out of the stream into the list, a bounded number of them, a few at each frame.
// It sets text and never markup; the page brings the markup of a story and of a record as templates.
"use strict";

(() => {
  const MOST_RECORDS = 200; // on the page
  const MOST_OF_A_STORY = 20;
  const MOST_WAITING = 200; // records that wait for a frame: older ones would leave the page at once
  const A_FRAME = 20; // records
  const TELL_MS = 10000; // between two words to a screen reader

  const list = document.getElementById("stories");
  const state = document.getElementById("state");
  const news = document.getElementById("news");
  const pause = document.getElementById("pause");
  const empty = document.getElementById("empty");
  const storyTemplate = document.getElementById("story");
  const cardTemplate = document.getElementById("card");

  const stories = new Map(); // story -> its <li>; in the order of the list, the last one first
  const waiting = [];
  let framed = false;
  let paused = false;
  let untold = 0;

  function text(card, name, value) {
    card.querySelector(`[data-fill="${name}"]`).textContent = value;
  }

  function filled(card, row) {
    card.dataset.key = row.key;
    const link = card.querySelector("a.open");
    link.setAttribute("href", row.href.startsWith("/records/") ? row.href : "#");
    for (const name of ["title", "site", "language", "time", "snippet"]) text(card, name, row[name]);
    const notes = [row.revision > 1 ? `revision ${row.revision}` : "", row.dup ? `${row.dup} copy` : ""];
    text(card, "note", notes.filter(Boolean).join(" "));
    const topics = card.querySelector('[data-fill="topics"]');
    topics.replaceChildren(...row.topics.flatMap((name) => {
      const tag = document.createElement("span");
      tag.className = "topic";
      tag.textContent = name;
      return [tag, " "];
    }));
    return card;
  }

  function cardOf(row) {
    return filled(cardTemplate.content.querySelector(".card").cloneNode(true), row);
  }

  function begun(row) {
    const story = storyTemplate.content.querySelector(".story").cloneNode(true);
    story.dataset.story = row.story;
    filled(story.querySelector(".card"), row);
    return story;
  }

  function counted(story) {
    const others = story.querySelector(".others");
    const n = others.querySelector("ul").children.length;
    others.hidden = n === 0;
    others.querySelector('[data-fill="count"]').textContent = n;
  }

  // The new record stands at the head of its story; the one before moves into the fold, unless it is the same article.
  function grown(story, row) {
    const fold = story.querySelector(".others ul");
    for (const card of fold.querySelectorAll(".card")) {
      if (card.dataset.key === row.key) card.parentElement.remove();
    }
    const head = story.querySelector(".card");
    if (head.dataset.key !== row.key) {
      const item = document.createElement("li");
      head.replaceWith(cardOf(row));
      item.append(head);
      fold.prepend(item);
      while (fold.children.length > MOST_OF_A_STORY) fold.lastElementChild.remove();
    } else {
      filled(head, row);
    }
    counted(story);
  }

  function show(row) {
    let story = stories.get(row.story);
    if (story) {
      grown(story, row);
      stories.delete(row.story);
    } else {
      story = begun(row);
    }
    stories.set(row.story, story);
    if (list.firstElementChild !== story) list.prepend(story);
  }

  // Whoever reads a story with the keyboard must not lose it under the cursor.
  function trim() {
    let n = list.querySelectorAll(".card").length;
    for (const [name, story] of stories) {
      if (n <= MOST_RECORDS) break;
      if (story.contains(document.activeElement)) continue;
      n -= story.querySelectorAll(".card").length;
      stories.delete(name);
      story.remove();
    }
  }

  function frame() {
    framed = false;
    if (paused) return;
    for (const row of waiting.splice(0, A_FRAME)) show(row);
    trim();
    empty.hidden = list.children.length > 0;
    if (waiting.length) ask();
  }

  function ask() {
    if (!framed && !paused) {
      framed = true;
      requestAnimationFrame(frame);
    }
  }

  function told() {
    if (untold) news.textContent = `${untold} new record${untold === 1 ? "" : "s"}`;
    untold = 0;
  }

  function arrived(message) {
    waiting.push(JSON.parse(message.data));
    if (waiting.length > MOST_WAITING) waiting.shift();
    untold += 1;
    if (paused) state.textContent = `Paused; ${waiting.length} waiting`;
    ask();
  }

  function stopped(now) {
    paused = now;
    pause.setAttribute("aria-pressed", String(now));
    state.textContent = now ? "Paused" : "Live";
    ask();
  }

  function listen() {
    const query = list.dataset.query ? `${list.dataset.query}&` : "";
    const source = new EventSource(`/events?${query}after=${list.dataset.after}`);
    source.onopen = () => { if (!paused) state.textContent = "Live"; };
    source.onerror = () => { state.textContent = "Connection lost; tried again every few seconds"; };
    source.onmessage = arrived;
  }

  function step(by) {
    const links = [...list.querySelectorAll(".story > .card a.open")];
    const here = document.activeElement.closest(".story");
    const at = links.findIndex((link) => here && here.contains(link));
    const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
    if (next) next.focus();
  }

  // Within the list only: single letters must not get in the way of those who speak to their browser.
  const keys = { j: () => step(1), k: () => step(-1), p: () => stopped(!paused) };

  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  pause.addEventListener("click", () => stopped(!paused));
  document.querySelector("form.filters select").addEventListener("change", (event) => event.target.form.requestSubmit());
  for (const story of [...list.children].reverse()) stories.set(story.dataset.story, story);
  pause.hidden = false;
  setInterval(told, TELL_MS);
  listen();
})();
