// Sends the forms of this page to the service that served it. The token stays in this page and is forgotten with it.
"use strict";
const token = document.getElementById("token");

function requestOf(form) {
  const query = new URLSearchParams();
  const headers = { accept: "application/json" };
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("input[data-in]")) {
    if (!field.value) continue;
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    if (field.dataset.in === "query") query.set(field.name, field.value);
    if (field.dataset.in === "header") headers[field.name] = field.value;
  }
  if (token.value) headers.authorization = `Bearer ${token.value.trim()}`;
  const field = form.querySelector("textarea");
  const body = field?.value;
  if (body) headers["content-type"] = field.dataset.type;
  const asked = query.toString();
  return { url: location.origin + path + (asked ? `?${asked}` : ""), options: { method: form.dataset.method, headers, body } };
}

function curlOf({ url, options }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl", quoted(url), "-X", options.method];
  for (const [name, value] of Object.entries(options.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (options.body) parts.push("-d", quoted(options.body));
  return parts.join(" ");
}

async function send(form) {
  const answer = form.querySelector(".answer");
  const request = requestOf(form);
  const started = performance.now();
  answer.replaceChildren("…");
  const status = document.createElement("b");
  const shown = document.createElement("pre");
  shown.tabIndex = 0;
  try {
    const response = await fetch(request.url, request.options);
    const text = await response.text();
    status.textContent = `${response.status} ${response.statusText} · ${Math.round(performance.now() - started)} ms`;
    status.classList.toggle("bad", !response.ok);
    try {
      shown.textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      shown.textContent = text;
    }
  } catch (fault) {
    status.textContent = "no answer";
    status.classList.add("bad");
    shown.textContent = String(fault);
  }
  answer.replaceChildren(status, shown);
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.querySelector("button.second").addEventListener("click", async (event) => {
    await navigator.clipboard.writeText(curlOf(requestOf(form)));
    event.target.textContent = "Copied";
  });
}

function open() {
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted instanceof HTMLDetailsElement) wanted.open = true;
}
addEventListener("hashchange", open);
open();
