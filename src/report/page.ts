/**
 * One HTML file that needs nothing beside it: style, font and charts inside, no script, no request to
 * anywhere, readable on a phone, in the dark and on paper.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { escapeMarkup } from './markup.ts'

export interface Page {
  readonly title: string
  /** Body markup, already escaped. */
  readonly body: string
}

/** @returns a complete HTML document */
export function renderPage(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:">
<title>${escapeMarkup(page.title)}</title>
<style>${fontFace()}${style}</style>
</head>
<body><main>${page.body}</main></body>
</html>
`
}

/** Inter, Latin subset, carried inside the page (SIL Open Font License 1.1). */
function fontFace(): string {
  const file = fileURLToPath(
    import.meta.resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
  )
  const data = readFileSync(file).toString('base64')
  return `@font-face{font-family:"Inter Variable";font-style:normal;font-display:swap;font-weight:100 900;src:url(data:font/woff2;base64,${data}) format("woff2")}`
}

const style = `
:root{color-scheme:light dark;--ink:#1b1d21;--second:#5c6370;--third:#6d7482;--line:#e7e8ec;--ground:#fbfbfa;--accent:#155e63;--accent-pale:#dcebeb;--high:#b3341f;--medium:#a16207;--low:#3f7d58}
@media (prefers-color-scheme:dark){:root{--ink:#e9eaec;--second:#a8aeb9;--third:#8f96a3;--line:#2c3036;--ground:#15171a;--accent:#5fb6ba;--accent-pale:#1d3638;--high:#ef8a76;--medium:#dba94a;--low:#7cc199}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.55 "Inter Variable",system-ui,sans-serif;font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
main{max-width:1180px;margin:0 auto;padding:40px 32px 72px}
h1{font-size:28px;line-height:1.25;letter-spacing:-.015em;font-weight:650;margin:6px 0 10px;max-width:26em;text-wrap:balance}
h2{font-size:15px;font-weight:650;margin:0 0 4px}
p{margin:0 0 10px;max-width:68ch}
.lead{color:var(--second);font-size:15px}
.note,.eyebrow,caption,summary,dt{color:var(--second);font-size:12.5px}
.eyebrow{margin:0}
.warning{border-left:3px solid var(--medium);padding:2px 0 2px 12px;margin:14px 0}
section{border-top:1px solid var(--line);padding:22px 0 8px;margin-top:22px}
.two{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 48px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:18px 32px;margin:22px 0 4px}
.figures dd{margin:0;font-size:22px;font-weight:600;letter-spacing:-.01em}
.figures dd small{display:block;font-size:12.5px;font-weight:400;color:var(--second);letter-spacing:0}
.narrow{max-width:640px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px;margin:6px 0 10px}
caption{text-align:left;padding:4px 0}
th{font-weight:500;color:var(--second);font-size:12.5px;text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line)}
td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
th.figure,td.figure{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
svg{display:block;width:100%;height:auto;margin:10px 0 4px;overflow:visible}
svg text{font-family:inherit;fill:var(--second)}
.tick{font-size:11.5px}.axis{font-size:11.5px}.label{font-size:13px;fill:var(--ink)!important}.name{font-size:12.5px}
.name.main{fill:var(--accent)!important;font-weight:600}
.grid{stroke:var(--line);stroke-width:1}.base{stroke:var(--third);stroke-width:1}.mark{stroke:var(--third);stroke-dasharray:2 3}
.line{fill:none;stroke-width:1.75;stroke-linejoin:round}.line.main{stroke:var(--accent)}.line.second{stroke:var(--third)}.line.reference{stroke:var(--third);stroke-width:1;stroke-dasharray:3 3}
.hit{fill:transparent}.hit:hover{fill:var(--accent);fill-opacity:.35}
.interval line{stroke:var(--accent);stroke-width:1.5}.interval circle:not(.hit){fill:var(--accent)}
.bar{fill:var(--accent);fill-opacity:.75}.whisker{stroke:var(--ink);stroke-width:1.25}
summary{cursor:pointer;color:var(--accent);padding:4px 0;width:max-content}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.level{white-space:nowrap;font-weight:600}.HIGH{color:var(--high)}.MEDIUM{color:var(--medium)}.LOW{color:var(--low)}
footer{border-top:1px solid var(--line);margin-top:26px;padding-top:14px;color:var(--second);font-size:12.5px}
@media (max-width:760px){main{padding:24px 18px 48px}.two{grid-template-columns:minmax(0,1fr)}h1{font-size:23px}}
@media print{body{background:#fff}section{break-inside:avoid}details{display:none}}
`
