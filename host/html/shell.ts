/**
 * What all pages share: the head with the content security policy and the style sheet. Without
 * modules of Node, because the build of the playground runs it outside of the host.
 */

interface Shell {
  readonly title: string;
  /** Directives of the content security policy. */
  readonly policy: readonly string[];
  readonly style: string;
  /** Markup. */
  readonly body: string;
}

export function pageHtml({ title, policy, style, body }: Shell): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Larmor">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
