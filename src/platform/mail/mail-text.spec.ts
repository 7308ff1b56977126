import { describe, expect, it } from 'vitest';
import { renderMail } from './mail-text.js';

const content = {
  greeting: 'Hello Ann,',
  paragraphs: ['somebody asked for a new password.', 'It is good for one hour.'],
  action: { label: 'Choose a password', url: 'https://stock.example.com/reset?a=1&token=x' },
  footer: 'Was it not you? Then do nothing.',
};

describe('renderMail', () => {
  it('says everything in the text', () => {
    expect(renderMail(content).text).toBe(
      `Hello Ann,

somebody asked for a new password.

It is good for one hour.

Choose a password:
https://stock.example.com/reset?a=1&token=x

-- \nWas it not you? Then do nothing.
`,
    );
  });

  it('says the same in HTML', () => {
    const { html } = renderMail(content);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    const plain = html
      .slice(html.indexOf('<body'))
      .replace(/<[^>]+>/g, '\n')
      .replace(/\n+/g, '\n');
    for (const text of [content.greeting, ...content.paragraphs, content.action.label, content.footer])
      expect(plain).toContain(`\n${text}\n`);
    expect(html).toContain('<a href="https://stock.example.com/reset?a=1&amp;token=x"');
    expect(plain).toContain('https://stock.example.com/reset?a=1&amp;token=x');
  });

  it('needs no action', () => {
    const { greeting, paragraphs, footer } = content;
    const rest = { greeting, paragraphs, footer };
    expect(renderMail(rest).html).not.toContain('<a ');
    expect(renderMail(rest).text).not.toContain('http');
  });

  it.each(['greeting', 'footer', 'paragraphs', 'label'])('takes no markup from its %s', (part) => {
    const evil = `<img src=x onerror="alert('1')"> & </p>`;
    const { html } = renderMail({
      ...content,
      ...(part === 'paragraphs' ? { paragraphs: [evil] } : part === 'label' ? {} : { [part]: evil }),
      ...(part === 'label' && { action: { ...content.action, label: evil } }),
    });
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; &lt;/p&gt;');
  });

  it('lets nobody break out of the link', () => {
    const url = `https://stock.example.com/?q="><script>alert(1)</script>`;
    expect(renderMail({ ...content, action: { label: 'Go', url } }).html).not.toContain('<script');
    expect(() => renderMail({ ...content, action: { label: 'Go', url: 'javascript:alert(1)' } })).toThrow();
  });

  it('lets no name pass for a paragraph', () => {
    const { text } = renderMail({
      ...content,
      greeting: 'Hello Ann\r\n\r\nYour account is closed.\u2028Go!',
    });
    expect(text).toMatch(/^Hello Ann Your account is closed\. Go!\n\n/);
  });
});
