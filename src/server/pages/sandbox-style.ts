/** The style of the sandboxes' pages, on top of the one of the server's own pages. */
import { addAsset } from '../assets.ts'

const css = `
body{max-width:none;margin:0;padding:0;line-height:1.5}
.skip{position:absolute;left:-999px;top:8px;background:var(--accent);color:var(--on-accent);padding:8px 14px;border-radius:6px;z-index:2}
.skip:focus{left:8px}
nav{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:center;padding:10px 40px;border-bottom:1px solid var(--line);background:var(--raised)}
nav a{color:var(--second);text-decoration:none;padding:4px 0}
nav a:hover{color:var(--ink)}
nav a[aria-current]{color:var(--ink);font-weight:600}
nav .brand{display:flex;align-items:center;gap:8px;font-weight:650;font-size:15px;color:var(--ink);margin-right:12px}
nav .company{margin-left:auto;color:var(--third);font-size:12.5px;overflow-wrap:anywhere}
main{padding:26px 40px 72px;max-width:1080px;min-width:0}
h1{margin:6px 0 8px;max-width:26em;overflow-wrap:anywhere}
h2{font-size:14.5px;font-weight:650;margin:0 0 6px}
p{margin:0 0 10px;max-width:70ch}
.lead{color:var(--second);font-size:15px}
.second{color:var(--second)}
.strong{font-weight:600}
.nowrap,td.tight{white-space:nowrap}
td.tight{width:1%}
.crumbs{color:var(--second);font-size:13px;display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin-bottom:14px}
.crumbs>*{min-width:0;max-width:100%;overflow-wrap:anywhere}
.buttons{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
form{margin:0;display:inline-flex}
button.plain{padding:6px 14px;font-size:13.5px;background:var(--raised);color:var(--ink);border:1px solid var(--line-strong);font-weight:500}
button.plain:hover{border-color:var(--third)}
button.small{padding:3px 10px;font-size:12.5px}
section{border-top:1px solid var(--line);padding:20px 0 6px;margin-top:20px}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:6px 0 10px}
caption{text-align:left;color:var(--second);font-size:12.5px;padding:0 0 4px}
th{font-weight:500;color:var(--second);font-size:12.5px;text-align:left;padding:6px 16px 6px 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:9px 16px 9px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
tbody th{color:var(--ink);font-size:13.5px;padding:9px 16px 9px 0;vertical-align:top}
td small{display:block;color:var(--second);font-size:12.5px}
.name{font-weight:600;color:var(--ink);text-decoration:none}
.name:hover{color:var(--accent);text-decoration:underline}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 18px;margin:6px 0 12px;font-size:13.5px}
.facts dt{color:var(--second)}.facts dd{margin:0;overflow-wrap:anywhere}
.mail{width:100%;height:540px;border:1px solid var(--line);border-radius:8px;background:#fff;display:block;margin:8px 0 12px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.55 ui-monospace,monospace;margin:8px 0;max-width:84ch}
details{margin:6px 0 10px}
summary{cursor:pointer;color:var(--accent);width:max-content;max-width:100%;font-size:13px;padding:3px 0}
.pages{display:flex;gap:18px;margin:10px 0}
.only-reader{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:760px){
nav{padding:8px 18px}
nav .company{flex-basis:100%;margin:0}
nav a{padding:8px 0}
main{padding:16px 18px 48px}
h1{font-size:23px}
table.rows,.rows tbody{display:block}
.rows caption{display:block}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows tr{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;padding:10px 0;border-bottom:1px solid var(--line)}
.rows td,.rows tbody th{border:0;padding:0;text-align:left}
.rows th.first{flex:1 1 55%}
.rows td.tight{width:auto}.rows td.rest{flex:1 1 60%}
.facts{grid-template-columns:minmax(0,1fr);gap:0}.facts dd{margin-bottom:8px}
.mail{height:460px}
}
@media print{nav,.buttons,form{display:none}}
`

/** Its address. */
export const SANDBOX_STYLE = addAsset('sandbox.css', 'text/css; charset=utf-8', css)
