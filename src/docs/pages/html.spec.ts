import { expect, it } from 'vitest';
import { html } from './html.js';

it('escapes what is no markup itself', () => {
  const item = html`<b>${'<script>"&\''}</b>`;
  expect(item.text).toBe('<b>&#60;script&#62;&#34;&#38;&#39;</b>');
  expect(html`<i>${[item, item]}</i>`.text).toBe(`<i>${item.text}\n${item.text}</i>`);
});
