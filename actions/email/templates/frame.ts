/**
 * The frame around each e-mail: a simple table that mail programs agree on, styles inline, with a dark variant for
 * those that read a style sheet; and the footer that the law wants.
 */
import type { EmailFrame } from '../template.ts'
import { germanFooter } from './de.ts'
import { englishFooter, type FooterWords } from './en.ts'

/** @example framed('de').text('Guten Tag') */
export function framed(language: string): EmailFrame {
  const words = footers[language.toLowerCase().split('-')[0]] ?? englishFooter
  return {
    text: (content) =>
      `${content}\n\n--\n{{ sender.company }}\n{{ sender.postal_address }}\n\n${words.why}\n${words.unsubscribe}: {{ unsubscribe_url }}`,
    html: (content) => document(content, words),
  }
}

const footers: Readonly<Record<string, FooterWords>> = { en: englishFooter, de: germanFooter }

const font = `font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`

function document(content: string, words: FooterWords): string {
  return `<!doctype html>
<html lang="{{ language }}" dir="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ sender.company }}</title>
<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
p{margin:0 0 16px}
a{color:#1d4ed8}
@media (max-width:480px){.page{padding:0!important}.sheet{border-radius:0!important;border-left:0!important;border-right:0!important}.in{padding-left:20px!important;padding-right:20px!important}}
@media (prefers-color-scheme:dark){.page{background:#16181d!important}.sheet{background:#1f2228!important;border-color:#343941!important}.ink{color:#e8eaed!important}.soft{color:#a3a9b3!important}.offer{background:#262b33!important;border-color:#6b8afd!important}.line{border-color:#343941!important}a{color:#8fb0ff!important}}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f5f7;-webkit-text-size-adjust:100%">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f4f5f7;padding:24px 12px">
<tr><td align="center">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" class="sheet" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border:1px solid #e2e5ea;border-radius:8px;border-collapse:separate">
<tr><td class="in ink" style="padding:32px 40px 12px;${font};font-size:16px;line-height:1.55;color:#1f2328;text-align:start;overflow-wrap:anywhere;word-break:break-word">
${content}
</td></tr>
<tr><td class="in" style="padding:0 40px 28px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="line soft" style="border-top:1px solid #e2e5ea;padding-top:16px;${font};font-size:13px;line-height:1.5;color:#626a75;text-align:start;overflow-wrap:anywhere;word-break:break-word">
<strong>{{ sender.company }}</strong><br>
{% assign rows = sender.postal_address | newline_to_br | split: '<br />' %}{% for row in rows %}{{ row | strip }}<br>
{% endfor %}<br>
${words.why}<br>
<a href="{{ unsubscribe_url }}" class="soft" style="color:#626a75;text-decoration:underline">${words.unsubscribe}</a>
</td></tr></table>
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</table>
</body>
</html>
`
}
