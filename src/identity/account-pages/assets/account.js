/* global document, fetch, history, location, window, FormData, URLSearchParams */

const form = document.querySelector('form');
const status = document.getElementById('status');

const TEXTS = {
  noToken: 'Please open this page by the link in your mail.',
  badToken: 'This link does not work any more: it is good once, and for a limited time. Ask for a new one.',
  length: 'Please use 12 to 128 characters.',
  common_password: 'Too many people use this password. Please choose another one.',
  different: 'The two passwords differ.',
  later: 'That did not work just now. Please try again in a moment.',
};

let token = null;
let isBusy = false;

/** The fragment, which no server sees, holds the token. It must not stay where others could read or copy it. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null) return;
  token = given;
  history.replaceState(null, '', location.pathname + location.search);
}

function start() {
  takeToken();
  form.hidden = token === null;
  say(token === null ? TEXTS.noToken : '');
}

function say(text) {
  status.textContent = text;
}

/** What was in focus may be gone. */
function finish(text) {
  form.hidden = true;
  say(text);
  status.focus();
}

function complain(name, text) {
  const field = document.getElementById(name);
  field.setAttribute('aria-invalid', 'true');
  document.getElementById(`${name}-error`).textContent = text;
  field.focus();
}

function clearComplaints() {
  say('');
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
  for (const error of form.querySelectorAll('.error')) error.textContent = '';
}

async function send(fields) {
  const response = await fetch(form.dataset.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...fields }),
  });
  if (response.ok) finish(form.dataset.done);
  else if (response.status === 422) showErrors((await response.json()).errors);
  else if (response.status === 429) say(waitText(Number(response.headers.get('retry-after'))));
  else say(TEXTS.later);
}

function showErrors(errors) {
  const [error] = errors;
  if (error.pointer === '/password') complain('password', TEXTS[error.code] ?? error.message);
  else finish(TEXTS.badToken);
}

function waitText(seconds) {
  const time = seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`;
  return `There were too many tries. Please try again in ${time}.`;
}

function setBusy(value) {
  isBusy = value;
  form.setAttribute('aria-busy', String(value));
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isBusy) return;
  clearComplaints();
  const { password, repetition } = Object.fromEntries(new FormData(form));
  if (password !== repetition) return complain('repetition', TEXTS.different);
  setBusy(true);
  try {
    await send(password === undefined ? {} : { password });
  } catch {
    say(TEXTS.later);
  } finally {
    setBusy(false);
  }
});

// Another link from a mail, opened in this very tab, changes nothing but the fragment.
window.addEventListener('hashchange', () => {
  clearComplaints();
  start();
});
start();
