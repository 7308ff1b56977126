import { PROBLEM_CODES, PROBLEMS } from '../../http/problems/problem-catalogue.js';
import type { ProblemCode } from '../../http/problems/problem-catalogue.js';
import { exampleProblem } from '../document/problem-responses.js';
import { html } from './html.js';
import { publishPage } from './layout.js';

/** The catalogue of errors: the `type` of each problem leads to its entry. */
export function errorsPage(publicUrl: string) {
  return publishPage({
    title: 'Errors',
    root: '../',
    body: html`<main class="text">
      <h1>Errors</h1>
      <p>
        Every error of the API is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is
        stable, so branch on it; its <code>detail</code> is for people and may change. Report a problem with
        its <code>trace_id</code>.
      </p>
      <nav aria-label="All codes">
        <ul class="codes">
          ${PROBLEM_CODES.map((code) => html`<li><a href="#${code}">${code}</a> ${PROBLEMS[code].status}</li>`)}
        </ul>
      </nav>
      ${PROBLEM_CODES.map((code) => entry(code, publicUrl))}
    </main>`,
  });
}

function entry(code: ProblemCode, publicUrl: string) {
  const { status, title, meaning, remedy } = PROBLEMS[code];
  return html`<section id="${code}" aria-labelledby="${code}-title">
    <h2 id="${code}-title">
      <span class="status">${status}</span> ${title} <a href="#${code}"><code>${code}</code></a>
    </h2>
    <p>${meaning}</p>
    <p><strong>What to do:</strong> ${remedy}</p>
    <details>
      <summary>Example</summary>
      <pre tabindex="0"><code>${JSON.stringify(exampleProblem(code, publicUrl), null, 2)}</code></pre>
    </details>
  </section>`;
}
