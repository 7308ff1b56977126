/** What a mail says, without how it looks. */
export interface MailContent {
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  /** The one thing to do about it. */
  readonly action?: { readonly label: string; readonly url: string };
  readonly footer: string;
}

/** The same content twice: as text, and as HTML for whoever prefers that. */
export function renderMail(content: MailContent): { text: string; html: string } {
  const { action } = content;
  if (action && !/^https?:$/.test(new URL(action.url).protocol))
    throw new Error('A mail may only link to the web');
  const lines = {
    greeting: oneLine(content.greeting),
    paragraphs: content.paragraphs.map(oneLine),
    footer: oneLine(content.footer),
  };
  return { text: toText({ ...content, ...lines }), html: toHtml({ ...content, ...lines }) };
}

function toText({ greeting, paragraphs, action, footer }: MailContent): string {
  const link = action ? [`${action.label}:\n${action.url}`] : [];
  return `${[greeting, ...paragraphs, ...link, `-- \n${footer}`].join('\n\n')}\n`;
}

function toHtml({ greeting, paragraphs, action, footer }: MailContent): string {
  const body = [greeting, ...paragraphs].map((text) => `<p style="${STYLES.text}">${escapeHtml(text)}</p>`);
  if (action) {
    const url = escapeHtml(action.url);
    body.push(
      `<p style="${STYLES.text}"><a href="${url}" style="${STYLES.button}">${escapeHtml(action.label)}</a></p>`,
      `<p style="${STYLES.small}">Or copy this address into your browser:<br>${url}</p>`,
    );
  }
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Stockroom</title></head>
<body style="${STYLES.body}">
<div style="${STYLES.card}">
${body.join('\n')}
<p style="${STYLES.footer}">${escapeHtml(footer)}</p>
</div>
</body>
</html>
`;
}

const STYLES = {
  body: 'margin:0;padding:24px;background:#f4f5f7;font-family:system-ui,sans-serif;color:#1f2933',
  card: 'max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px',
  text: 'margin:0 0 16px;font-size:16px;line-height:1.5',
  button:
    'display:inline-block;padding:12px 20px;background:#1d4ed8;color:#ffffff;border-radius:6px;text-decoration:none',
  small: 'margin:0 0 16px;font-size:13px;line-height:1.5;color:#52606d;word-break:break-all',
  footer: 'margin:32px 0 0;font-size:13px;line-height:1.5;color:#52606d',
};

/** A name that somebody chose must not look like a paragraph of ours. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
